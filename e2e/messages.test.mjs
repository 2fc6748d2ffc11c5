// The message centre in a real browser: its states, the bell, reading, where messages lead, the switch for reminders.
import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { axe, DESKTOP, login, open, PHONE, start, until } from './harness.mjs'

let env
before(async () => { env = await start() })
after(async () => { await env?.stop() })
const shots = process.env.SHOTS
if (shots) mkdirSync(shots, { recursive: true })

async function look(page, name) {
  await page.waitForLoadState('networkidle')
  await page.evaluate(() => document.fonts.ready)
  if (shots) await page.screenshot({ path: `${shots}/${name}.png` })
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth), `${name} scrolls sideways`)
  assert.deepEqual(await axe(page), [], name)
}
/** A request as the page itself would send it; fails the test on a refusal. */
const call = async (page, method, path, body) => {
  const status = await page.evaluate(async ([method, path, body]) => {
    const r = await fetch(path, { method, body: JSON.stringify(body), headers: { 'Content-Type': 'application/json', 'X-Requested-With': 'xueshi' } })
    return r.ok ? r.json() : `${r.status} ${await r.text()}`
  }, [method, path, body])
  assert.equal(typeof status, 'object', `${method} ${path}: ${status}`)
  return status
}

for (const [name, size, person] of [['desktop', DESKTOP, 2], ['phone', PHONE, 3]]) {
  test(`messages, ${name}`, { timeout: 300_000 }, async () => {
    const { context, page, problems } = await open(env, size)
    await login(env, page, env.people[person])
    await page.goto(env.base + '/messages')
    await page.getByText('还没有消息。').waitFor()
    assert.equal(await page.getByRole('link', { name: '消息', exact: true }).count() > 0, true, 'a bell without a number')
    await look(page, `messages-empty-${name}`)

    // A login on another device is told here, on all pages, with a number.
    const second = await open(env, PHONE)
    await login(env, second.page, env.people[person])
    await page.goto(env.base + '/')
    const bell = page.getByRole('link', { name: '消息，1 条未读', exact: true })
    await bell.waitFor()
    if (name === 'phone') await page.getByRole('navigation', { name: '底部导航' }).getByText('1', { exact: true }).waitFor()
    await look(page, `bell-${name}`)

    // An appeal, decided.
    await call(page, 'POST', '/api/learner/enrolments', { course_id: 'c01' })
    const appeal = await call(page, 'POST', '/api/learner/appeals', { lesson_id: 'l0101', from_ms: 0, to_ms: 5000, text: '看完了却没有计上' })
    const desk = await open(env, DESKTOP), boss = env.people.find(p => p.roles.includes('operator'))
    await desk.page.goto(env.base + '/login')
    await desk.page.getByLabel('手机号或身份证号').fill(boss.phone)
    await desk.page.getByLabel('密码').fill(boss.password)
    await desk.page.getByRole('button', { name: '登录', exact: true }).click()
    await desk.page.getByRole('heading', { name: '运营工作台' }).waitFor()
    await call(desk.page, 'POST', `/api/operator/appeals/${appeal.id}/decision`, { grant: false, answer: '没有播放记录，不能补计' })
    await desk.context.close()

    await page.goto(env.base + '/messages')
    const items = page.getByRole('main').getByRole('listitem')
    await items.nth(1).waitFor()
    assert.deepEqual((await items.getByRole('link').allInnerTexts()), ['时长核查：未补计', '账号在一台新设备上登录'], 'the newest first')
    assert.equal(await items.getByText('未读').count(), 2)
    await look(page, `messages-${name}`)
    await items.nth(0).getByRole('link').click()
    await page.waitForURL(/\/learn\/l0101\?tab=spans/)
    await page.goto(env.base + '/messages')
    await until(async () => await items.getByText('未读').count() === 1)
    await page.getByRole('button', { name: '全部标为已读' }).click()
    await until(async () => await items.getByText('未读').count() === 0)
    assert.equal(await page.getByRole('button', { name: '全部标为已读' }).count(), 0)
    await page.getByRole('link', { name: '消息', exact: true }).first().waitFor()
    await items.nth(1).getByRole('link').click()
    await page.waitForURL(/\/account$/)

    // Reminders off, and still off after loading again.
    await page.goto(env.base + '/messages')
    await page.getByLabel('学时截止提醒').uncheck()
    await page.getByText('提醒已关闭。').waitFor()
    await page.reload()
    await until(async () => await page.getByLabel('学时截止提醒').isEnabled() && !(await page.getByLabel('学时截止提醒').isChecked()))

    // Loading, and an error with a way on.
    await page.route('**/api/learner/messages?*', async r => { await new Promise(f => setTimeout(f, 1500)); await r.abort() }, { times: 1 })
    await page.route('**/api/learner/messages', async r => { await new Promise(f => setTimeout(f, 1500)); await r.abort() }, { times: 1 })
    await page.goto(env.base + '/messages')
    await page.getByText('正在加载').waitFor({ state: 'attached' })
    await page.getByText('网络断开了。').waitFor()
    await look(page, `messages-error-${name}`)
    await page.getByRole('button', { name: '重试' }).click()
    await items.nth(1).waitFor()
    assert.deepEqual([...problems, ...second.problems].filter(p => !/ERR_FAILED/.test(p)), [])
    await second.context.close()
    await context.close()
  })
}
