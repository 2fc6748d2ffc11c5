// The bureau's overview, learners and providers: city staff see the city, county staff their county.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { DESKTOP, enter as enterPortal, look as lookAt, open, PHONE, start, until } from './harness.mjs'

let env
before(async () => { env = await start() })
after(async () => { await env?.stop() })
const who = role => env.people.find(p => p.roles.includes(role))

const enter = (page, person, path = '/bureau') => enterPortal(env, page, person, path)

const look = async (page, name) => { await page.waitForLoadState('networkidle'); await lookAt(page, `bureau_${name}`) }

for (const [size, viewport] of [['desktop', DESKTOP], ['phone', PHONE]]) {
  test(`the city's overview, learners and providers, ${size}`, { timeout: 120_000 }, async () => {
    const { page, context, problems } = await open(env, viewport)
    await enter(page, who('bureau_staff:1409]'))
    // The counts are folded by the minute's job, which has begun with the server.
    await until(async () => { await page.reload(); await page.getByRole('heading', { name: '监管总览' }).waitFor(); return await page.getByText('忻府区', { exact: true }).count() })
    await page.getByText('数据更新到').waitFor()
    assert.equal(await page.locator('.chart ol > li').count(), 17, 'a bar for each branch')
    const shares = (await page.locator('.chart ol > li .sr').allInnerTexts()).map(t => parseInt(t))
    assert.deepEqual(shares, [...shares].sort((a, b) => b - a), 'bars are sorted')
    assert.equal(await page.getByRole('img', { name: /年度完成率逐月变化/ }).count(), 1)
    await look(page, `overview_${size}`)

    await page.getByLabel('范围').selectOption({ label: '忻府区' })
    await until(async () => await page.locator('.chart ol > li').count() === 1)
    await page.getByLabel('范围').selectOption({ label: '忻州市' })
    await page.getByLabel('年度', { exact: true }).selectOption('2025')
    await page.getByText('2025 年度，只计本辖区学员').waitFor()

    await page.getByRole('link', { name: '培训机构' }).click()
    await page.getByText('jinyun.localhost').waitFor()
    await look(page, `providers_${size}`)

    await page.getByRole('link', { name: '学员与学时' }).click()
    await page.getByRole('button', { name: '再看一些' }).waitFor()
    await look(page, `learners_${size}`)
    await page.getByLabel('姓名开头，或单位名称').fill('王晓岚')
    await page.getByRole('link', { name: '王*岚' }).waitFor()
    await until(async () => await page.locator('tbody tr').count() === 1)
    await page.getByRole('link', { name: '王*岚' }).click()
    await page.getByRole('heading', { name: '学时登记' }).waitFor()
    await page.getByText('课堂教学设计（往期）').waitFor()
    await until(async () => { if (await page.getByText('已上链').count()) return true; await page.reload(); await page.getByText('课堂教学设计（往期）').waitFor(); return false })
    assert.equal(await page.getByText('王晓岚').count(), 0, 'the name stays masked')
    await look(page, `learner_${size}`)
    assert.deepEqual(problems, [])
    await context.close()
  })
}

test('county staff see their county only', { timeout: 60_000 }, async () => {
  const { page, context, problems } = await open(env, DESKTOP)
  await enter(page, who('bureau_staff:140902]'))
  await page.getByRole('heading', { name: '监管总览' }).waitFor()
  await until(async () => await page.locator('.chart ol > li').count() === 1)
  assert.equal(await page.getByLabel('范围').count(), 0, 'nothing to choose from')
  await look(page, 'county')
  await page.getByRole('link', { name: '学员与学时' }).click()
  await page.locator('tbody tr').first().waitFor()
  const branches = new Set(await page.locator('tbody tr td:nth-child(3)').allInnerTexts())
  assert.deepEqual([...branches], ['忻府区'])
  const refused = await page.evaluate(async () => (await fetch('/api/bureau/overview?region=1409')).status)
  assert.equal(refused, 403)
  assert.deepEqual(problems, [])
  await context.close()
})
