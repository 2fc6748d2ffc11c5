// Notes and questions beside a lesson, in a real browser: a note while playing, a question, its answer, the message of it.
import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { axe, DESKTOP, login, open, PHONE, start, until } from './harness.mjs'

let env
before(async () => { env = await start() })
after(async () => { await env?.stop() })
const shots = process.env.SHOTS
if (shots) mkdirSync(shots, { recursive: true })

/** Without accessibility violations and without scrolling sideways. */
async function look(page, name) {
  await page.waitForLoadState('networkidle')
  if (shots) await page.screenshot({ path: `${shots}/${name}.png`, fullPage: true })
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth), `${name} scrolls sideways`)
  assert.deepEqual(await axe(page), [], name)
}
const at = page => page.evaluate(() => document.querySelector('video').currentTime)
const tab = (page, name) => page.getByRole('tab', { name: new RegExp(`^${name}`) }).click()
async function teach(env) {
  const desk = await open(env, DESKTOP), teacher = env.people.find(p => p.roles.includes('teacher:jinyun') || p.roles.includes('teacher'))
  await desk.page.goto(env.base + '/login')
  await desk.page.getByLabel('手机号或身份证号').fill(teacher.phone)
  await desk.page.getByLabel('密码').fill(teacher.password)
  await desk.page.getByRole('button', { name: '登录', exact: true }).click()
  await desk.page.getByRole('link', { name: '答疑', exact: true }).click()
  await desk.page.getByRole('heading', { name: '学员答疑' }).waitFor()
  return desk
}

for (const [name, size, person] of [['desktop', DESKTOP, 0], ['phone', PHONE, 1]]) {
  test(`a note while playing, ${name}`, { timeout: 300_000 }, async () => {
    const { context, page, problems } = await open(env, size)
    await login(env, page, env.people[person])
    await page.goto(env.base + '/learn/l0101')
    await tab(page, '我的笔记')
    await page.getByText('这里还没有笔记。').waitFor()
    await look(page, `notes-empty-${name}`)
    await page.getByRole('button', { name: /^播放，从/ }).click()
    await until(async () => await at(page) > 3)
    const begun = await at(page)
    await page.getByLabel('写笔记').pressSequentially('告知在先，同意', { delay: 20 })
    const typed = await at(page)
    assert.equal(await page.evaluate(() => document.querySelector('video').paused), false, 'writing does not stop the video')
    // The page is left in the middle of a sentence: nothing typed is lost, and the position is that of the first letter.
    await page.reload()
    await tab(page, '我的笔记')
    assert.equal(await page.getByLabel('写笔记').inputValue(), '告知在先，同意')
    await page.getByLabel('写笔记').press('End')
    await page.getByLabel('写笔记').pressSequentially('在后')
    await context.setOffline(true)
    await page.getByRole('button', { name: '保存笔记' }).click()
    await page.getByText('连不上网络。').waitFor()
    assert.equal(await page.getByLabel('写笔记').inputValue(), '告知在先，同意在后', 'a lost network loses nothing')
    await context.setOffline(false)
    await page.getByRole('button', { name: '保存笔记' }).click()
    await page.getByText('笔记已保存。').first().waitFor()
    const note = page.getByRole('listitem').filter({ hasText: '告知在先，同意在后' })
    await note.waitFor()
    assert.equal(await page.getByLabel('写笔记').inputValue(), '')
    const [m, s] = (await note.locator('.num').first().innerText()).trim().split(':').map(Number)
    assert.ok(m * 60 + s >= Math.floor(begun) && m * 60 + s <= Math.ceil(typed), `noted at ${m}:${s}, begun at ${begun}, typed until ${typed}`)
    await look(page, `notes-${name}`)
    // A credited position can be watched again.
    await page.getByRole('button', { name: /^播放，从/ }).click()
    await until(async () => await at(page) > begun + 5, 60_000)
    await note.getByRole('button', { name: /^回看/ }).click()
    await until(async () => await at(page) < typed + 4)
    await note.getByRole('button', { name: '修改' }).click()
    const editor = page.getByRole('listitem').filter({ has: page.getByRole('textbox', { name: '修改' }) })
    await editor.getByRole('textbox').fill('改过的笔记')
    await editor.getByRole('button', { name: '保存笔记' }).click()
    const changed = page.getByRole('listitem').filter({ hasText: '改过的笔记' })
    await changed.waitFor()
    await page.getByLabel('整门课程').check()
    await changed.waitFor()
    await changed.getByRole('button', { name: '删除' }).click()
    await changed.getByRole('button', { name: '确认删除' }).click()
    await page.getByText('这里还没有笔记。').waitFor()
    assert.deepEqual(problems.filter(p => !/ERR_INTERNET_DISCONNECTED/.test(p)), [])
    await context.close()
  })

  test(`a question, its answer and the message, ${name}`, { timeout: 300_000 }, async () => {
    const { context, page, problems } = await open(env, size), text = `单位收集指纹打卡，算不算必要？${name}`
    await login(env, page, env.people[person])
    await page.goto(env.base + '/learn/l0102')
    await tab(page, '答疑')
    await look(page, `questions-empty-${name}`)
    await page.getByLabel('向老师提问').fill(text)
    await page.getByRole('button', { name: '提问', exact: true }).click()
    await page.getByText('已交给老师。').waitFor()
    await page.getByRole('listitem').filter({ hasText: text }).getByText('等待答复').waitFor()
    await look(page, `questions-${name}`)

    const desk = await teach(env), card = desk.page.getByRole('listitem').filter({ hasText: text })
    if (name === 'phone') await desk.page.setViewportSize(PHONE)
    await card.waitFor()
    assert.equal(await card.getByText(env.people[person].name).count(), 0, 'the teacher sees no full name')
    await look(desk.page, `desk-${name}`)
    await card.getByLabel('答复').fill('不算。考勤可以用别的办法，指纹不是必要的。')
    await card.getByRole('button', { name: '发送答复' }).click()
    await desk.page.getByText('已答复，学员会收到消息。').waitFor()
    await desk.page.getByLabel('显示').selectOption('answered')
    await card.getByText('指纹不是必要的').waitFor()
    await look(desk.page, `desk-answered-${name}`)

    await page.goto(env.base + '/')
    await page.getByRole('link', { name: /消息，\d+ 条未读/ }).first().click()
    await page.waitForURL(/\/messages$/)
    await page.getByRole('link', { name: '老师答复了你的问题' }).first().click()
    await page.waitForURL(/\/learn\/l0102\?tab=questions/)
    const asked = page.getByRole('listitem').filter({ hasText: text })
    await asked.getByText('指纹不是必要的').waitFor()
    await asked.getByText('老师答复').waitFor()
    await look(page, `answered-${name}`)

    // Others of the course see it without the name, until it is hidden.
    const other = await open(env, size)
    await login(env, other.page, env.people[1 - person])
    await other.page.goto(env.base + '/learn/l0102?tab=questions')
    const seen = other.page.getByRole('listitem').filter({ hasText: text })
    await seen.waitFor()
    assert.equal(await seen.getByText(env.people[person].name).count(), 0)
    await card.getByRole('button', { name: '隐藏这个问题' }).click()
    await card.getByLabel('隐藏原因').fill('与本节内容重复')
    await card.getByRole('button', { name: '隐藏', exact: true }).click()
    await desk.page.getByText('已隐藏，学员会收到消息。').waitFor()
    await other.page.reload()
    await other.page.getByLabel('向老师提问').waitFor()
    await other.page.waitForLoadState('networkidle')
    assert.equal(await seen.count(), 0)
    await page.reload()
    await asked.getByText('与本节内容重复').waitFor()
    assert.deepEqual([...problems, ...desk.problems, ...other.problems], [])
    for (const c of [context, desk.context, other.context]) await c.close()
  })
}
