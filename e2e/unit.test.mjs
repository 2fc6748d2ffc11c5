// A unit's administrator: learners, import, requests; and the imported learner's first login with its consent.
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { axe, DESKTOP, login, open, PHONE, start } from './harness.mjs'

let env
before(async () => { env = await start() })
after(async () => { await env?.stop() })
const shots = process.env.SHOTS
if (shots) mkdirSync(shots, { recursive: true })
const sizes = [['desktop', DESKTOP, 0], ['phone', PHONE, 1]]
const photo = { name: 'id.png', mimeType: 'image/png', buffer: Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg==', 'base64') }

/** The n-th number of the right form, of a region code that nobody has. */
function idNumber(n) {
  const body = `14090019900101${String(n).padStart(3, '0')}`
  const sum = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2].reduce((s, w, i) => s + w * Number(body[i]), 0)
  return body + '10X98765432'[sum % 11]
}

async function look(page, name) {
  await page.waitForLoadState('networkidle')
  await page.evaluate(() => document.fonts.ready)
  if (shots) await page.screenshot({ path: `${shots}/unit-${name}.png` })
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
  assert.ok(wide <= 0, `${name} scrolls sideways by ${wide} px`)
  assert.deepEqual(await axe(page), [], `accessibility of ${name}`)
}

async function admin(size) {
  const a = await open(env, size), person = env.people.find(p => p.roles.includes('unit_admin'))
  await a.page.goto(env.base + '/login')
  await a.page.getByLabel('手机号或身份证号').fill(person.phone)
  await a.page.getByLabel('密码').fill(person.password)
  await a.page.getByRole('button', { name: '登录', exact: true }).click()
  await a.page.getByRole('heading', { level: 1, name: '本单位学员' }).waitFor()
  return a
}

for (const [name, size, n] of sizes) {
  test(`learners and their import, ${name}`, { timeout: 180_000 }, async () => {
    const { context, page, problems } = await admin(size)
    await page.getByText('王*岚').waitFor()
    assert.equal(await page.getByText('王晓岚').count(), 0, 'names are masked')
    await look(page, `${name}-learners`)
    await page.getByRole('searchbox', { name: '按姓名查找' }).fill('查无此人')
    await page.getByRole('button', { name: '查找' }).click()
    await page.getByText('没有找到这个姓名的学员。').waitFor()

    await page.getByRole('link', { name: '导入学员' }).click()
    const [template] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: '下载模板' }).click()])
    assert.equal(readFileSync(await template.path()).subarray(0, 2).toString(), 'PK')
    await look(page, `${name}-import`)
    const file = page.getByLabel('名单文件'), check = page.getByRole('button', { name: '检查名单' })
    await file.setInputFiles({ name: 'list.xlsx', mimeType: 'application/octet-stream', buffer: Buffer.from([0x50, 0x4b, 3, 4, 0, 0]) })
    await check.click()
    await page.getByText('读不懂这个文件。').waitFor()
    await file.setInputFiles(await template.path())
    await check.click()
    await page.getByText('没有可以导入的人。').waitFor()
    await page.getByRole('button', { name: '换一个文件' }).click()
    const phone = `1360000100${n}`
    const list = ['姓名,身份证号,手机号', `钱学新,${idNumber(10 + n)},${phone}`, `=cmd|x,${idNumber(20 + n)},13600002000`, `孙立,14090019900101999,13600003000`,
      `周平,${idNumber(10 + n)},13600004000`, `吴用,${idNumber(30 + n)},${env.people[0].phone}`, `郑成,${idNumber(40 + n)}`].join('\n')
    await file.setInputFiles({ name: 'list.csv', mimeType: 'text/csv', buffer: Buffer.from(list) })
    await check.click()
    await page.getByText('1 人可以导入').waitFor()
    await page.getByText('5 行有问题，不会导入').waitFor()
    for (const [line, why] of [[3, '姓名：以公式符号开头'], [4, '身份证号：不是有效的身份证号'], [5, '身份证号：和前面的行重复'], [6, '手机号：已被别的账号使用'], [7, '整行：不足三列']])
      await page.getByRole('listitem').filter({ hasText: `第 ${line} 行` }).filter({ hasText: why }).waitFor()
    await look(page, `${name}-import-preview`)
    await page.getByRole('button', { name: '确认导入 1 人' }).click()
    await page.getByText('已导入 1 人。').waitFor()
    await look(page, `${name}-import-done`)
    await page.getByRole('link', { name: '查看学员' }).click()
    await page.getByRole('searchbox', { name: '按姓名查找' }).fill('钱学新') // the list has pages, and no promise on which one they stand
    await page.getByRole('button', { name: '查找' }).click()
    await page.getByText('待首次登录').first().waitFor()
    assert.deepEqual(problems, [])
    await context.close()

    // Their first login is by SMS code, and begins with the consent.
    const first = await open(env, size), box = first.page.getByRole('dialog', { name: '请先阅读并同意' })
    const enter = async () => {
      await first.page.goto(env.base + '/login')
      await first.page.getByRole('button', { name: '用短信验证码登录' }).click()
      await first.page.getByLabel('手机号').fill(phone)
      await first.page.getByRole('button', { name: '发送验证码' }).click()
      await first.page.getByLabel('短信验证码').fill(await env.code(phone, 'login'))
      await first.page.getByRole('button', { name: '登录', exact: true }).click()
    }
    await enter()
    await box.getByText(/^版本 /).first().waitFor()
    for (const [link, path] of [['用户协议', '/agreement'], ['隐私政策', '/privacy']])
      assert.equal(await box.getByRole('link', { name: link }).getAttribute('href'), path)
    await look(first.page, `${name}-consent`)
    await first.page.keyboard.press('Escape')
    await first.page.keyboard.press('Escape')
    assert.equal(await box.isVisible(), true, 'Escape is no answer')
    await first.page.goto(env.base + '/privacy')
    await first.page.locator('h1').first().waitFor()
    assert.equal(await box.count(), 0, 'the texts can be read before they are agreed to')
    await first.page.goto(env.base + '/')
    await box.getByRole('button', { name: '同意并继续' }).click()
    await box.waitFor({ state: 'detached' })
    await first.page.reload()
    await first.page.locator('h1').first().waitFor()
    assert.equal(await box.count(), 0)
    assert.deepEqual(first.problems, [])
    await first.context.close()
  })

  test(`requests, decided, ${name}`, { timeout: 180_000 }, async () => {
    const mine = await open(env, size), learner = env.people[0], mover = env.people[2 + n]
    await login(env, mine.page, learner)
    await mine.page.goto(env.base + '/account/correction')
    await mine.page.getByLabel('正确的姓名').fill('王小岚')
    await mine.page.getByLabel('补充说明').fill('户口簿上是「小」')
    await mine.page.getByLabel('证明材料').setInputFiles(photo)
    await mine.page.getByRole('button', { name: '提交更正申请' }).click()
    await mine.page.getByText('已提交，等待单位管理员核对。').waitFor()
    const other = await open(env, size)
    await login(env, other.page, mover)
    await other.page.goto(env.base + '/account/transfer')
    await other.page.getByLabel('县（市、区）').selectOption('忻府区')
    await other.page.getByLabel('单位', { exact: true }).selectOption('忻府区云中中学')
    await other.page.getByRole('button', { name: '申请调入' }).click()
    await other.page.getByText('已提交，等待新单位确认。').waitFor()

    const { context, page, problems } = await admin(size)
    await page.getByRole('link', { name: /待办申请/ }).click()
    const fix = page.getByRole('region', { name: '更正姓名或身份证号' }), move = page.getByRole('region', { name: '申请调入本单位' })
    await fix.getByText('姓名改为 王小岚').waitFor()
    await fix.getByText('说明：户口簿上是「小」').waitFor()
    await fix.getByRole('button', { name: '查看证明材料' }).click()
    await page.getByRole('dialog').getByRole('img', { name: '证明材料' }).waitFor()
    await look(page, `${name}-proof`)
    await page.getByRole('button', { name: '关闭' }).click()
    await look(page, `${name}-requests`)
    await fix.getByRole('button', { name: '不同意' }).click()
    await fix.getByText('不同意时要写明原因').waitFor()
    await fix.getByLabel('答复').fill('照片看不清，请重新拍')
    await fix.getByRole('button', { name: '不同意' }).click()
    await fix.getByText('没有等待核对的更正申请。').waitFor()
    await move.getByRole('button', { name: '同意', exact: true }).click()
    await move.getByText('没有等待确认的调入申请。').waitFor()
    await look(page, `${name}-requests-none`)

    await mine.page.goto(env.base + '/account/requests')
    await mine.page.getByText('答复：照片看不清，请重新拍').first().waitFor()
    await look(mine.page, `${name}-answered`)
    await other.page.goto(env.base + '/account')
    await other.page.getByText('忻府区云中中学').waitFor()
    assert.deepEqual([...problems, ...mine.problems, ...other.problems], [])
    for (const c of [context, mine.context, other.context]) await c.close()
  })
}

test('the portal is closed to others', async () => {
  const { context, page } = await open(env, DESKTOP)
  await login(env, page, env.people[1])
  await page.goto(env.base + '/unit')
  await page.getByText('这个页面没有对你的账号开放').waitFor()
  const asked = await page.evaluate(async () => (await fetch('/api/unit/units/u01/learners')).status)
  assert.equal(asked, 403)
  await context.close()
})
