// What people do with their own account, on a PC and on a phone.
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
// The smallest PNG: one grey point.
const photo = { name: 'id.png', mimeType: 'image/png', buffer: Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg==', 'base64') }

async function look(page, name) {
  await page.waitForLoadState('networkidle')
  await page.evaluate(() => document.fonts.ready)
  if (shots) await page.screenshot({ path: `${shots}/account-${name}.png` })
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
  assert.ok(wide <= 0, `${name} scrolls sideways by ${wide} px`)
  assert.deepEqual(await axe(page), [], `accessibility of ${name}`)
}
const go = async (page, title, path) => { await page.goto(env.base + path); await page.getByRole('heading', { level: 1, name: title }).waitFor() }

for (const [name, size, n] of sizes) {
  test(`every page of the account, ${name}`, { timeout: 120_000 }, async () => {
    const { context, page, problems } = await open(env, size)
    await login(env, page, env.people[0])
    for (const [path, title] of [['', '我的账号'], ['/phone', '换手机号'], ['/correction', '更正姓名或身份证号'], ['/transfer', '调转单位'], ['/requests', '我的申请'],
      ['/devices', '登录的设备'], ['/password', '修改密码'], ['/data', '导出个人数据'], ['/close', '注销账号']]) {
      await go(page, title, '/account' + path)
      await look(page, `${name}${path.replace('/', '-')}`)
    }
    await go(page, '我的账号', '/account')
    await page.getByText('忻府区云中中学').waitFor()
    await page.getByRole('navigation', { name: '我的账号' }).getByRole('link', { name: '登录的设备' }).click()
    await page.getByText('本机', { exact: true }).waitFor()
    assert.deepEqual(problems, [])
    await context.close()
  })

  test(`a new phone, ${name}`, { timeout: 120_000 }, async () => {
    const { context, page, problems } = await open(env, size), person = env.people[2 + n], fresh = `1370000000${n}`
    await login(env, page, person)
    await go(page, '换手机号', '/account/phone')
    await page.getByLabel('新手机号').fill(fresh)
    await page.getByRole('button', { name: '发送验证码' }).click()
    await page.getByText('验证码已发送').waitFor()
    await page.getByLabel('新手机收到的验证码').fill('000000')
    await page.getByLabel('现在的密码').fill(person.password)
    await page.getByRole('button', { name: '换成新手机号' }).click()
    await page.getByRole('alert').filter({ hasText: '验证码不对或已过期' }).waitFor()
    await look(page, `${name}-phone-wrong`)
    await page.getByLabel('新手机收到的验证码').fill(await env.code(fresh, 'phone'))
    if (n === 1) { // this one proves it by the old phone
      await page.getByRole('button', { name: '改用原手机的验证码' }).click()
      await page.getByRole('button', { name: '发送验证码' }).click()
      await page.getByLabel('原手机收到的验证码').fill(await env.code(person.phone, 'phone'))
    }
    await page.getByRole('button', { name: '换成新手机号' }).click()
    await page.getByText(`手机号已换成 137****000${n}。`).waitFor()
    await login(env, page, { ...person, phone: fresh })
    assert.deepEqual(problems, [])
    await context.close()
  })

  test(`a correction with proof, ${name}`, { timeout: 120_000 }, async () => {
    const { context, page, problems } = await open(env, size)
    await login(env, page, env.people[n])
    await go(page, '更正姓名或身份证号', '/account/correction')
    const submit = page.getByRole('button', { name: '提交更正申请' })
    await submit.click()
    await page.getByText('请填写正确的姓名或身份证号').waitFor()
    await page.getByText('请选择证明材料').waitFor()
    await look(page, `${name}-correction-missing`)
    await page.getByLabel('正确的姓名').fill('王小岚')
    const file = page.getByLabel('证明材料')
    await file.setInputFiles({ ...photo, buffer: Buffer.alloc(5 * 1024 * 1024 + 1) })
    await page.getByText('这个文件超过 5 MB').waitFor()
    await file.setInputFiles({ ...photo, buffer: Buffer.from('<html><script>alert(1)</script>') })
    await submit.click()
    await page.getByText('只收 JPG、PNG 照片和 PDF').waitFor()
    await file.setInputFiles(photo)
    await submit.click()
    await page.getByText('已提交，等待单位管理员核对。').waitFor()
    await page.getByText('姓名改为 王小岚').waitFor()
    await page.getByRole('button', { name: '查看证明材料' }).click()
    await page.getByRole('dialog').getByRole('img', { name: '证明材料' }).waitFor()
    assert.equal(await page.getByRole('dialog').getByRole('img').evaluate(i => i.decode().then(() => i.naturalWidth)), 1)
    await look(page, `${name}-correction-proof`)
    await page.getByRole('button', { name: '关闭' }).click()
    await page.getByRole('button', { name: '撤回申请' }).click()
    await page.getByText('申请已撤回。').waitFor()
    await go(page, '我的申请', '/account/requests')
    await page.getByText('已撤回', { exact: true }).waitFor()
    await look(page, `${name}-requests-some`)
    assert.deepEqual(problems, [])
    await context.close()
  })

  test(`a transfer, taken back, ${name}`, { timeout: 120_000 }, async () => {
    const { context, page, problems } = await open(env, size)
    await login(env, page, env.people[4 + n])
    await go(page, '调转单位', '/account/transfer')
    await page.getByLabel('县（市、区）').selectOption('忻府区')
    await page.getByLabel('单位名称').fill('云中')
    await page.getByLabel('单位', { exact: true }).selectOption('忻府区云中中学')
    await look(page, `${name}-transfer-chosen`)
    await page.getByRole('button', { name: '申请调入' }).click()
    await page.getByText('调入 忻府区云中中学').waitFor()
    await look(page, `${name}-transfer-pending`)
    await page.getByRole('button', { name: '撤回申请' }).click()
    await page.getByText('申请已撤回。').waitFor()
    await page.getByRole('button', { name: '申请调入' }).waitFor()
    assert.deepEqual(problems, [])
    await context.close()
  })

  test(`export after a fresh proof, ${name}`, { timeout: 120_000 }, async () => {
    const { context, page, problems } = await open(env, size), person = env.people[n]
    await login(env, page, person)
    await go(page, '导出个人数据', '/account/data')
    // Ten minutes have not gone by: the first answer is the one the server gives after them; all others are its own.
    let first = true
    await page.route('**/api/learner/account/export', route => {
      if (!first) return route.continue()
      first = false
      return route.fulfill({ status: 428, contentType: 'application/problem+json', body: JSON.stringify({ code: 'identity.step_up_required', status: 428 }) })
    })
    const stepUp = page.getByRole('dialog', { name: '先确认是你本人' }), export_ = page.getByRole('button', { name: '导出我的数据' })
    await export_.click()
    await stepUp.waitFor()
    await look(page, `${name}-step-up`)
    await stepUp.getByLabel('密码').fill('not the password')
    await stepUp.getByRole('button', { name: '确认' }).click()
    await stepUp.getByText('账号或密码不对。').waitFor()
    if (n === 0) await stepUp.getByLabel('密码').fill(person.password)
    else {
      await stepUp.getByRole('button', { name: '改用短信验证码' }).click()
      await stepUp.getByRole('button', { name: '发送验证码' }).click()
      await stepUp.getByLabel('短信验证码').fill(await env.code(person.phone, 'step_up'))
    }
    const [file] = await Promise.all([page.waitForEvent('download'), stepUp.getByRole('button', { name: '确认' }).click()])
    const all = JSON.parse(readFileSync(await file.path(), 'utf8'))
    assert.equal(file.suggestedFilename(), 'xueshi-personal-data.json')
    assert.equal(all.identity.phone, person.phone)
    first = true
    await export_.click()
    await stepUp.getByRole('button', { name: '先不做' }).click()
    await page.getByText('这一步要先确认是你本人。').waitFor()
    assert.deepEqual(problems.filter(p => !/428/.test(p)), [])
    await context.close()
  })

  test(`closing, thought better of, ${name}`, { timeout: 120_000 }, async () => {
    const { context, page, problems } = await open(env, size)
    await login(env, page, env.people[4 + n])
    await go(page, '注销账号', '/account/close')
    const ask = page.getByRole('button', { name: '申请注销' })
    assert.equal(await ask.isDisabled(), true)
    await page.getByLabel('我已了解').check()
    await ask.click()
    await page.getByText(/账号将在 .* 注销。/).waitFor()
    await look(page, `${name}-closing`)
    await go(page, '我的账号', '/account')
    await page.getByRole('button', { name: '撤回注销' }).click()
    await page.getByText(/账号将在 .* 注销。/).waitFor({ state: 'detached' })
    assert.deepEqual(problems, [])
    await context.close()
  })

  test(`a locked account and its way back, ${name}`, { timeout: 120_000 }, async () => {
    const { context, page, problems } = await open(env, size), person = env.people[7 + n]
    await page.goto(env.base + '/login')
    await page.getByLabel('手机号或身份证号').fill(person.phone)
    for (let i = 0; i < 6; i++) {
      await page.getByLabel('密码').fill('wrong password ' + i)
      const answered = page.waitForResponse('**/api/public/account/login')
      await page.getByRole('button', { name: '登录', exact: true }).click()
      await answered
    }
    await page.getByRole('button', { name: '用短信验证码解锁' }).click()
    await page.getByRole('button', { name: '发送验证码' }).click()
    await page.getByLabel('短信验证码').fill(await env.code(person.phone, 'unlock'))
    await look(page, `${name}-unlock`)
    await page.getByRole('button', { name: '解锁', exact: true }).click()
    await page.getByText('已解锁，请再登录一次。').waitFor()
    await page.getByLabel('密码').fill(person.password)
    await page.getByRole('button', { name: '登录', exact: true }).click()
    await page.waitForURL(u => u.pathname !== '/login')
    assert.deepEqual(problems, [])
    await context.close()
  })
}

test('the registration links the texts it asks for', async () => {
  const { context, page } = await open(env, PHONE)
  await page.goto(env.base + '/register')
  for (const [name, path] of [['用户协议', '/agreement'], ['隐私政策', '/privacy']])
    assert.equal(await page.getByRole('main').getByRole('link', { name }).getAttribute('href'), path)
  await context.close()
})
