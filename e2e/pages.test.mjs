// Every route at desktop and phone size: shown, without console errors, without accessibility violations.
import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { axe, DESKTOP, login, open, PHONE, start } from './harness.mjs'

let env
before(async () => { env = await start() })
after(async () => { await env?.stop() })
const shots = process.env.SHOTS
if (shots) mkdirSync(shots, { recursive: true })
const open_ = ['/login', '/register', '/reset', '/start', '/help', '/courses', '/courses/c01', '/nowhere'], own = ['/', '/courses', '/courses/c01', '/learn/l0103', '/archive', '/messages', '/account']

async function look(page, route, name) {
  await page.goto(env.base + route)
  await page.locator('h1').first().waitFor({ state: 'attached' })
  await page.waitForLoadState('networkidle')
  await page.evaluate(() => document.fonts.ready)
  if (shots) await page.screenshot({ path: `${shots}/${name}${route.replaceAll('/', '_')}.png` })
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
  assert.ok(wide <= 0, `${route} scrolls sideways by ${wide} px`)
  assert.deepEqual(await axe(page), [], `accessibility of ${route}`)
}

for (const [name, size] of [['desktop', DESKTOP], ['phone', PHONE]]) {
  test(`public pages, ${name}`, async () => {
    const { context, page, problems } = await open(env, size)
    for (const route of open_) await look(page, route, name)
    assert.deepEqual(problems, [])
    await context.close()
  })
  test(`learner pages, ${name}`, async () => {
    const { context, page, problems } = await open(env, size)
    await login(env, page, env.people[0])
    for (const route of own) await look(page, route, name)
    await page.getByRole('link', { name: '继续学习' }).count()
    assert.deepEqual(problems, [])
    await context.close()
  })
}

test('large text and a page without login', async () => {
  const { context, page } = await open(env, PHONE)
  await page.goto(env.base + '/archive')
  await page.waitForURL(/\/login\?next=/)
  await page.getByRole('button', { name: '大字版' }).click()
  assert.equal(await page.evaluate(() => document.documentElement.dataset.text), 'large')
  await look(page, '/login', 'large')
  await login(env, page, env.people[0])
  for (const route of own) await look(page, route, 'large')
  await page.goto(env.base + '/learn/l0103')
  for (const button of await page.locator('.player .row button').all()) {
    const box = await button.boundingBox()
    assert.ok(box.x >= 0 && box.x + box.width <= PHONE.width, `a control stands at ${box.x}…${box.x + box.width}`)
  }
  await context.close()
})

test('time in detail, an appeal, and the operator who answers it', async () => {
  const learner = await open(env, PHONE), page = learner.page
  await login(env, page, env.people[0])
  await page.goto(env.base + '/learn/l0101')
  await page.getByRole('tab', { name: '计时明细' }).click()
  await page.getByText('还没有看').waitFor()
  await page.getByRole('button', { name: '时间不对？提交核查' }).click()
  await page.getByLabel('说明情况').fill('看完了却没有计上')
  assert.deepEqual(await axe(page), [])
  await page.getByRole('button', { name: '提交核查', exact: true }).click()
  await page.getByText('等待核查').waitFor()

  const desk = await open(env, DESKTOP), boss = env.people.find(p => p.roles.includes('operator'))
  await desk.page.goto(env.base + '/login')
  await desk.page.getByLabel('手机号或身份证号').fill(boss.phone)
  await desk.page.getByLabel('密码').fill(boss.password)
  await desk.page.getByRole('button', { name: '登录', exact: true }).click()
  await desk.page.getByRole('heading', { name: '运营工作台' }).waitFor()
  await desk.page.getByText('看完了却没有计上').waitFor()
  assert.deepEqual(await axe(desk.page), [])
  if (shots) await desk.page.screenshot({ path: `${shots}/operator.png` })
  await desk.page.getByLabel('答复学员').fill('没有播放记录，不能补计')
  await desk.page.getByRole('button', { name: '不补计' }).click()
  await desk.page.getByText('没有等待核查的申请。').waitFor()
  await page.reload()
  await page.getByRole('tab', { name: '计时明细' }).click()
  await page.getByText('没有播放记录，不能补计').waitFor()
  assert.deepEqual([...learner.problems, ...desk.problems], [])
  await learner.context.close()
  await desk.context.close()
})
