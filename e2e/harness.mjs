// A real server with a fresh demo city, a real browser, and the accessibility rules.
import { spawn, spawnSync } from 'node:child_process'
import assert from 'node:assert/strict'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const require = createRequire(new URL('../web/package.json', import.meta.url))
const { chromium } = require('playwright-core')
const axeSource = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8')
export const DESKTOP = { width: 1440, height: 900 }, PHONE = { width: 390, height: 844 }
const flags = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--font-render-hinting=none']

/** The engines a test can run on: PostgreSQL where scripts/test-postgres.sh has started one, as scripts/e2e.sh does. */
export const engines = ['sqlite', ...(process.env.XUESHI_TEST_POSTGRES ? ['postgres'] : [])]

/** An empty database of its own in the test's PostgreSQL. */
function emptyDatabase() {
  const address = new URL(process.env.XUESHI_TEST_POSTGRES), name = `e2e_${process.pid}_${Date.now()}`
  const made = spawnSync('createdb', ['-h', address.hostname, '-p', address.port, '-U', address.username, name], { encoding: 'utf8' })
  if (made.status !== 0) throw new Error(made.stderr)
  address.pathname = name
  return String(address)
}

export async function start(engine = 'sqlite', options = []) {
  const data = mkdtempSync(join(tmpdir(), 'xueshi-e2e-'))
  const bin = process.env.XUESHI_BIN ?? 'bin/xueshi', database = engine === 'postgres' ? emptyDatabase() : ''
  const store = ['--data', data, '--database', database]
  const prepared = engine === 'sqlite' && process.env.XUESHI_E2E_CITY // a demo city that nobody has served yet
  if (prepared) cpSync(prepared, data, { recursive: true })
  else {
    const made = spawnSync(bin, ['demo', ...store], { encoding: 'utf8' })
    if (made.status !== 0) throw new Error(made.stderr)
  }
  const people = readFileSync(join(data, 'demo-logins.txt'), 'utf8').trim().split('\n').map(l => { const [phone, password, roles, name] = l.split('\t'); return { phone, password, roles, name } })
  const args = ['serve', ...store, '--addr', '127.0.0.1:0', '--demo', ...options]
  const server = spawn(bin, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const code = codesOf(server.stderr)
  const base = await new Promise((done, fail) => { server.stdout.once('data', d => done(String(d).trim())); server.once('exit', c => fail(new Error(`server exited: ${c}`))) })
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium-headless-shell', headless: true, args: flags })
  const stop = async () => { await browser.close(); server.kill('SIGTERM'); await new Promise(r => server.once('exit', r)); rmSync(data, { recursive: true, force: true }) }
  return { base, people, browser, data, bin, stop, code }
}

/** The SMS codes a demo server writes to its log, each given out once: code(phone, purpose) waits for the next. */
function codesOf(stderr) {
  const codes = new Map()
  createInterface({ input: stderr }).on('line', line => {
    if (!line.includes('"simulated sms"')) return
    const m = JSON.parse(line)
    codes.set(`${m.to}/${m.purpose}`, m.code)
  })
  return (phone, purpose) => until(() => {
    const key = `${phone}/${purpose}`, code = codes.get(key)
    codes.delete(key)
    return code
  }, 10_000)
}

/** A page of a fresh browser profile that collects everything that went wrong in it. */
export async function open(env, viewport, options = {}) {
  const context = await env.browser.newContext({ viewport, locale: 'zh-CN', timezoneId: 'Asia/Shanghai', deviceScaleFactor: 1, reducedMotion: 'reduce', ...options }) // a colour half-way through its change would be judged
  const page = await context.newPage()
  const problems = []
  page.on('console', m => { if (m.type() === 'error' && !/status of (401|403|404|409|422|425|428|429)/.test(m.text())) problems.push(m.text()) })
  page.on('pageerror', e => problems.push(String(e)))
  return { context, page, problems }
}

export async function login(env, page, person) {
  await page.goto(env.base + '/login')
  await page.getByLabel('手机号或身份证号').fill(person.phone)
  await page.getByLabel('密码').fill(person.password)
  await page.getByRole('button', { name: '登录', exact: true }).click()
  await page.waitForURL(env.base + '/')
  await page.locator('h1').first().waitFor()
}

/** Logs somebody of the staff in, whose portal begins at a path. */
export async function enter(env, page, person, home) {
  await page.goto(env.base + '/login')
  await page.getByLabel('手机号或身份证号').fill(person.phone)
  await page.getByLabel('密码').fill(person.password)
  await page.getByRole('button', { name: '登录', exact: true }).click()
  await page.waitForURL(env.base + home)
}

/** Violations of WCAG 2.0-2.2 A and AA on the page as it stands. */
export async function axe(page) {
  if (!await page.evaluate(() => 'axe' in globalThis)) await page.evaluate(axeSource)
  const r = await page.evaluate(() => globalThis.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'], resultTypes: ['violations'] }))
  return r.violations.map(v => `${v.id}: ${v.nodes.map(n => n.html.slice(0, 160)).join(' | ')}`)
}

const shots = process.env.SHOTS
if (shots) mkdirSync(shots, { recursive: true })

/** A page as it stands: in a picture where SHOTS names a folder, without a sideways scroll, and accessible. A dialog fills the screen, not the page. */
export async function look(page, name) {
  await page.evaluate(() => document.fonts.ready)
  if (shots) await page.screenshot({ path: `${shots}/${name}.png`, fullPage: !(await page.locator('dialog[open]').count()) })
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
  assert.ok(wide <= 0, `${name} scrolls sideways by ${wide} px`)
  assert.deepEqual(await axe(page), [], `accessibility of ${name}`)
}

/** look on a wide screen and on a phone. */
export async function lookTwice(page, name) {
  await look(page, `${name}_desktop`)
  await page.setViewportSize(PHONE)
  await look(page, `${name}_phone`)
  await page.setViewportSize(DESKTOP)
}

/** Milliseconds credited on the lesson page, as the server says. */
export const credited = async page => { const t = (await page.locator('[data-test=credited]').innerText()).split('\n')[0].split('/')[0].trim(); const [m, s] = t.split(':').map(Number); return (m * 60 + s) * 1000 }

export async function until(what, ms = 30000) {
  const end = Date.now() + ms
  for (;;) {
    const v = await what()
    if (v) return v
    if (Date.now() > end) throw new Error('waited in vain for ' + what)
    await new Promise(r => setTimeout(r, 250))
  }
}
