// A provider's people: the administrator adds somebody, changes what they do and removes them; they see it in their account.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { DESKTOP, enter as enterPortal, login, look as lookAt, open, PHONE, start, until } from './harness.mjs'

let env
before(async () => { env = await start() })
after(async () => { await env?.stop() })
const person = role => env.people.find(p => p.roles.includes(role + ']'))
const masked = p => `${p.phone.slice(0, 3)}****${p.phone.slice(7)}`

const enter = (page, who) => enterPortal(env, page, who, '/provider')

const look = async (page, name) => { await page.waitForLoadState('networkidle'); await lookAt(page, `staff_${name}`) }

const row = (page, who) => page.locator('tbody tr', { hasText: who.name })
const nav = page => page.getByRole('navigation').getByRole('link', { name: '人员', exact: true })

for (const [size, viewport, learner] of [['desktop', DESKTOP, 4], ['phone', PHONE, 5]]) {
  test(`an administrator adds, changes and removes a colleague, ${size}`, { timeout: 120_000 }, async () => {
    const boss = person('provider_staff:jinyun:admin'), newcomer = env.people[learner]
    const { page, context, problems } = await open(env, viewport)
    await enter(page, boss)
    await nav(page).click()
    await row(page, boss).waitFor()
    assert.deepEqual(await page.locator('tbody th').allInnerTexts().then(all => all.map(x => x.split(/\s|本人/)[0]).sort()), ['周明远', '吴教务', boss.name].sort())
    assert.match(await row(page, boss).innerText(), new RegExp(`本人[\\s\\S]*${masked(boss).replaceAll('*', '\\*')}[\\s\\S]*管理员`))
    await look(page, `list_${size}`)
    await page.goto(env.base + '/provider/courses')
    await page.getByRole('heading', { name: '课程列表' }).waitFor()
    await page.locator('tbody tr').first().waitFor()
    assert.equal(await page.getByRole('button', { name: '新建课程' }).count(), 0, 'an administrator without the duty does not make courses')
    await nav(page).click()

    // Nothing chosen, nobody found, then the right one.
    await page.getByRole('button', { name: '添加人员' }).click()
    const dialog = page.getByRole('dialog')
    assert.equal(await dialog.getByLabel('姓名').evaluate(e => e === document.activeElement), true, 'the name has the focus')
    await page.keyboard.type(newcomer.name + '某')
    await page.keyboard.press('Tab')
    await page.keyboard.type(newcomer.phone)
    await page.keyboard.press('Enter')
    await dialog.getByText('至少选一项职责').waitFor()
    await dialog.getByLabel('教师').check()
    await dialog.getByLabel('课程').focus()
    await page.keyboard.press('Space')
    await dialog.getByRole('button', { name: '添加' }).click()
    await dialog.getByText('没有找到可以添加的人').waitFor()
    await look(page, `appoint_${size}`)
    await dialog.getByLabel('姓名').fill(newcomer.name)
    await context.setOffline(true)
    await dialog.getByRole('button', { name: '添加' }).click()
    await dialog.getByText('连不上网络').waitFor()
    await context.setOffline(false)
    await dialog.getByRole('button', { name: '添加' }).click()
    await page.getByText(`已添加${newcomer.name}（${masked(newcomer)}）`).waitFor()
    assert.match(await row(page, newcomer).innerText(), /课程、教师/)
    await look(page, `added_${size}`)

    // The newcomer learns of it, works, and loses it with the next request.
    const guest = await open(env, viewport)
    await login(env, guest.page, newcomer)
    await guest.page.goto(env.base + '/messages')
    await guest.page.getByRole('link', { name: /你已成为「晋云/ }).click()
    await guest.page.getByRole('heading', { name: '任职机构' }).waitFor()
    await look(guest.page, `post_${size}`)
    await guest.page.goto(env.base + '/provider/courses')
    await guest.page.getByRole('button', { name: '新建课程' }).waitFor()
    assert.equal(await nav(guest.page).count(), 0, 'who does not manage people has no such entry')
    await guest.page.goto(env.base + '/provider/staff')
    await guest.page.getByText('你在这家机构的职责不包括这一项').waitFor()

    await row(page, newcomer).getByRole('button', { name: '修改职责' }).click()
    await dialog.getByLabel('课程').uncheck()
    await look(page, `change_${size}`)
    await dialog.getByRole('button', { name: '保存' }).click()
    await page.getByText(`${newcomer.name}的职责已修改`).waitFor()
    assert.doesNotMatch(await row(page, newcomer).innerText(), /课程/)
    await row(page, newcomer).getByRole('button', { name: '移出机构' }).click()
    await look(page, `dismiss_${size}`)
    await page.keyboard.press('Escape')
    assert.equal(await page.getByRole('dialog').count(), 0)
    assert.equal(await row(page, newcomer).getByRole('button', { name: '移出机构' }).evaluate(e => e === document.activeElement), true, 'the focus is back')
    await row(page, newcomer).getByRole('button', { name: '移出机构' }).click()
    await dialog.getByRole('button', { name: '移出机构' }).click()
    await page.getByText(`${newcomer.name}已移出机构`).waitFor()
    assert.equal(await row(page, newcomer).count(), 0)
    const status = await guest.page.evaluate(async () => (await fetch('/api/provider/providers/jinyun/courses')).status)
    assert.equal(status, 403, 'the next request is refused')
    await guest.page.goto(env.base + '/messages')
    await guest.page.getByText('你已不是「晋云').waitFor()
    assert.deepEqual(guest.problems, [])
    await guest.context.close()

    // The last administrator stays.
    await row(page, boss).getByRole('button', { name: '退出机构' }).click()
    await dialog.getByRole('button', { name: '退出机构' }).click()
    await dialog.getByText('机构至少要有一位能登录的管理员').waitFor()
    await look(page, `last_${size}`)
    await page.keyboard.press('Escape')
    assert.equal(await row(page, boss).count(), 1)
    assert.deepEqual(problems.filter(p => !/ERR_INTERNET_DISCONNECTED/.test(p)), [])
    await context.close()
  })
}

test('a list that does not come, and one who leaves by themselves', { timeout: 90_000 }, async () => {
  const boss = person('provider_staff:wutai:admin'), teacher = person('teacher:wutai')
  const { page, context, problems } = await open(env, DESKTOP)
  await enter(page, boss)
  let broken = true
  await page.route('**/api/provider/providers/wutai/staff?*', r => (broken ? r.abort() : r.continue()))
  await nav(page).click()
  await page.getByText(/网络/).first().waitFor()
  await look(page, 'offline')
  broken = false
  await page.getByRole('button', { name: '重试' }).click()
  await row(page, teacher).waitFor()
  const own = await open(env, PHONE)
  await enter(own.page, teacher)
  await own.page.goto(env.base + '/account')
  await own.page.getByRole('button', { name: '退出机构' }).click()
  await look(own.page, 'leave')
  await own.page.getByRole('dialog').getByRole('button', { name: '退出机构' }).click()
  await own.page.getByText('你已退出五台').waitFor()
  await page.reload()
  await row(page, boss).waitFor()
  await until(async () => (await row(page, teacher).count()) === 0)
  assert.deepEqual(own.problems, [])
  assert.deepEqual(problems.filter(p => !/ERR_FAILED/.test(p)), [])
  await own.context.close()
  await context.close()
})
