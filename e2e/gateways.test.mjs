// Outside services in the operator's portal: the credential, a test message, and what a failing service looks like from
// both sides. The service is the demo city's simulator, which checks every signature.
import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { axe, DESKTOP, open, PHONE, start } from './harness.mjs'

let env, sim
before(async () => { env = await start() })
after(async () => { await env?.stop() })
const shots = process.env.SHOTS
if (shots) mkdirSync(shots, { recursive: true })
const control = { 'Content-Type': 'application/json', 'X-Requested-With': 'xueshi' }
const inbox = async () => (await fetch(sim + '/_sim/inbox', { headers: control })).json()
const fail = async (...faults) => assert.equal((await fetch(sim + '/_sim/faults', { method: 'POST', headers: control, body: JSON.stringify(faults) })).status, 204)

async function operator(size) {
  const o = await open(env, size), boss = env.people.find(p => p.roles.includes('operator'))
  await o.page.goto(env.base + '/login')
  await o.page.getByLabel('手机号或身份证号').fill(boss.phone)
  await o.page.getByLabel('密码').fill(boss.password)
  await o.page.getByRole('button', { name: '登录', exact: true }).click()
  await o.page.getByRole('heading', { name: '运营工作台' }).waitFor()
  await o.page.getByRole('link', { name: '外部服务' }).click()
  await o.page.getByRole('heading', { name: '外部服务' }).waitFor()
  await o.page.getByRole('heading', { name: '短信', exact: true }).waitFor()
  return { ...o, boss }
}

async function look(page, name) {
  await page.waitForLoadState('networkidle')
  if (shots) await page.screenshot({ path: `${shots}/gateways_${name}.png`, fullPage: true })
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth) <= 0, `${name} scrolls sideways`)
  assert.deepEqual(await axe(page), [], `accessibility of ${name}`)
}

/** Somebody asks for a registration code; the sentence the page answers with, or ''. */
async function askForCode(phone) {
  const { page, context } = await open(env, PHONE)
  await page.goto(env.base + '/register')
  await page.getByLabel('手机号').fill(phone)
  const answered = page.waitForResponse(r => r.url().endsWith('/account/code'))
  await page.getByRole('button', { name: '发送验证码' }).click()
  const status = (await answered).status()
  if (status >= 400) await page.getByRole('alert').waitFor()
  const said = status < 400 ? '' : await page.getByRole('alert').innerText()
  assert.deepEqual(await axe(page), [])
  await context.close()
  return said.replace(/。编号.*/, '。')
}

test('a site whose messages arrive', async () => {
  const { page, context, problems } = await operator(DESKTOP)
  await page.getByText('演示模拟器', { exact: true }).waitFor()
  sim = await page.locator('dd', { hasText: /^http:\/\/127/ }).innerText()
  await page.getByText('最近七天没有发送过短信。').waitFor()
  await page.getByText('没有发不出的短信。').waitFor()
  await look(page, 'empty_desktop')
  assert.equal(await askForCode('13900000011'), '')
  const [sent] = await inbox()
  assert.equal(sent.phone, '13900000011')
  assert.match(sent.code, /^\d{6}$/)
  await page.getByLabel('手机号').fill('13900000012')
  await page.getByRole('button', { name: '发送测试短信' }).click()
  await page.getByText('已交给短信服务，请查看手机 139****0012。').waitFor()
  assert.equal((await inbox()).length, 2)
  await page.getByLabel('手机号').fill('123')
  await page.getByRole('button', { name: '发送测试短信' }).click()
  await page.getByText('请填写 11 位手机号。').waitFor()
  assert.equal((await inbox()).length, 2)
  assert.deepEqual(problems, [])
  await context.close()
})

test('a failing service, as the learner and the operator see it', async () => {
  await fail({ kind: 'balance', action: 'SendSms' }, { kind: 'throttle', action: 'SendSms', times: 50 })
  assert.equal(await askForCode('13900000022'), '短信通道忙，请稍后再试。')
  assert.equal(await askForCode('13900000021'), '短信通道忙，请稍后再试。')
  for (const [name, size] of [['desktop', DESKTOP], ['phone', PHONE]]) {
    const { page, context, problems } = await operator(size)
    await page.getByText('发送太快，被服务商限流').first().waitFor()
    await page.getByText('短信账户余额不足，请充值').first().waitFor()
    await page.getByText('139****0022').waitFor()
    assert.ok(!(await page.content()).includes('13900000022'), 'phones are masked')
    await look(page, `trouble_${name}`)
    assert.deepEqual(problems, [])
    await context.close()
  }
  await fail()
})

async function enter(page, fields) {
  for (const [label, value] of Object.entries(fields)) await page.getByLabel(label, { exact: true }).fill(value)
  await page.getByRole('button', { name: '保存并启用' }).click()
}

test('a credential is entered, refused by the service, and withdrawn', async () => {
  const { page, context, problems, boss } = await operator(DESKTOP)
  await page.getByRole('button', { name: '填写凭据' }).click()
  await enter(page, { 服务地址: 'http://10.0.0.8', 'AccessKey Secret': 'short', 原因: '' })
  await page.getByText('请填写 https 开头的公网地址，不带路径').waitFor()
  await page.getByText('请填写 AccessKey Secret，16 到 128 个字符').waitFor()
  await page.getByText('请写明原因，至少 2 个字').waitFor()
  await look(page, 'form_desktop')
  const secret = 'this-is-not-the-secret-9f3k'
  await page.route('**/api/operator/gateways/sms', r => r.fulfill({ status: 428, contentType: 'application/problem+json', body: '{"status":428,"code":"identity.step_up_required"}' }), { times: 1 })
  await enter(page, { 服务地址: sim, 'AccessKey Secret': secret, 原因: '换用新的密钥' })
  const ask = page.getByRole('dialog')
  await ask.getByLabel('密码').fill(boss.password)
  await look(page, 'stepup_desktop')
  await ask.getByRole('button', { name: '确认', exact: true }).click()
  await page.getByText('使用中', { exact: true }).waitFor()
  await page.getByText('••••9f3k').waitFor()
  assert.ok(!(await page.content()).includes(secret), 'the secret is not shown again')
  await page.getByLabel('手机号').fill('13900000031')
  await page.getByRole('button', { name: '发送测试短信' }).click()
  await page.getByText('密钥不对，请核对 AccessKey Secret').waitFor()
  assert.deepEqual(await axe(page), [])
  assert.equal(await askForCode('13900000032'), '短信通道忙，请稍后再试。')
  await page.getByRole('button', { name: '停用' }).click()
  await page.getByLabel('原因').fill('密钥填错了')
  await page.getByRole('button', { name: '确认停用' }).click()
  await page.getByText('演示模拟器', { exact: true }).waitFor()
  await page.getByText('历次改动').click()
  await page.getByText('换用新的密钥', { exact: true }).waitFor()
  await page.getByText('密钥填错了', { exact: true }).waitFor()
  await look(page, 'versions_desktop')
  assert.equal(await askForCode('13900000033'), '', 'the simulator stands in again, without a restart')
  assert.deepEqual(problems.filter(p => !/428/.test(p)), [])
  await context.close()

  const small = await operator(PHONE)
  await small.page.getByRole('button', { name: '填写凭据' }).click()
  await look(small.page, 'form_phone')
  assert.deepEqual(small.problems, [])
  await small.context.close()
})
