// What a cheating page can do in a real browser, and what it earns: the server's own word is asked, never the page's.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DESKTOP, login, open, start, until } from './harness.mjs'

let env, quick, folder
process.env.CHROMIUM ??= '/usr/bin/chromium' // with its windows: the shell knows no page in the background
before(async () => {
  env = await start()
  folder = mkdtempSync(join(tmpdir(), 'xueshi-shortcheck-'))
  const bin = join(folder, 'shortcheck')
  const built = spawnSync('go', ['build', '-o', bin, './test/shortcheck'], { encoding: 'utf8' })
  assert.equal(built.status, 0, built.stderr)
  const old = process.env.XUESHI_BIN
  process.env.XUESHI_BIN = bin
  quick = await start()
  if (old) process.env.XUESHI_BIN = old
  else delete process.env.XUESHI_BIN
}, { timeout: 120_000 })
after(async () => { await env?.stop(); await quick?.stop(); if (folder) rmSync(folder, { recursive: true, force: true }) })

const lesson = '/learn/l0401'
const play = page => page.getByRole('button', { name: /^播放，从/ }).click()
const at = page => page.evaluate(() => document.querySelector('video')?.currentTime ?? 0)
/** Milliseconds credited, asked of the server outside of the page. */
const earned = async (e, context) => (await (await context.request.get(e.base + '/api/learner/lessons/l0401')).json()).progress.credited_ms
const seconds = n => new Promise(done => setTimeout(done, n * 1000))

const learner = (e, n) => e.people.filter(p => p.roles.includes('learner'))[n]
const enrol = (e, context) => context.request.post(e.base + '/api/learner/enrolments', { data: { course_id: 'c04' }, headers: { 'X-Requested-With': 'xueshi' } })

async function enter(e, person, hook) {
  const o = await open(e, DESKTOP)
  await login(e, o.page, learner(e, person))
  await enrol(e, o.context)
  if (hook) await o.context.addInitScript(hook)
  await o.page.goto(e.base + lesson)
  return o
}

test('hooked clocks, timers and a lying playbackRate earn no more than wall time', { timeout: 90_000 }, async () => {
  const { page, context } = await enter(env, 0)
  const before = await earned(env, context), begin = Date.now()
  await play(page)
  await until(async () => await at(page) > 1)
  await page.evaluate(() => { // as TimerHooker and h5player do: everything runs eight times as fast
    const began = Date.now(), mono = performance.now()
    const now = Date.now.bind(Date), tick = performance.now.bind(performance), later = window.setTimeout, every = window.setInterval
    Date.now = () => began + (now() - began) * 8
    performance.now = () => mono + (tick() - mono) * 8
    window.setTimeout = (f, ms, ...a) => later(f, (ms ?? 0) / 8, ...a)
    window.setInterval = (f, ms, ...a) => every(f, (ms ?? 0) / 8, ...a)
    const rate = Object.getOwnPropertyDescriptor(HTMLMediaElement.prototype, 'playbackRate')
    window.reallySet = (v, r) => rate.set.call(v, r)
    window.reallyGet = v => rate.get.call(v)
    Object.defineProperty(HTMLMediaElement.prototype, 'playbackRate', { configurable: false, get: () => 1, set() {} })
    for (const e of ['ratechange', 'seeking', 'timeupdate']) window.addEventListener(e, x => x.stopImmediatePropagation(), true)
  })
  const then = Date.now(), clock = await page.evaluate(() => Date.now())
  await page.evaluate(() => { const v = document.querySelector('video'); setInterval(() => { window.reallySet(v, 8); if (v.paused) v.play() }, 800) })
  await seconds(25)
  const real = Date.now() - then, lied = await page.evaluate(() => Date.now()) - clock
  assert.ok(lied > 6 * real, `the clock was not hooked: ${lied} ms in ${real} ms`)
  assert.deepEqual(await page.evaluate(() => { const v = document.querySelector('video'); return [v.playbackRate, window.reallyGet(v)] }), [1, 8], 'the rate was not hooked')
  const got = await earned(env, context) - before, wall = Date.now() - begin
  assert.ok(got <= wall, `credited ${got} ms in ${wall} ms`)
  await context.close()
})

/**
 * A tab of the browser's own window that Playwright does not hold: Playwright keeps its pages awake and visible, so only
 * such a tab is really hidden when another comes to the front. Chromium itself says so; nothing is emulated.
 */
async function bareTab(url) {
  const cdp = await env.browser.newBrowserCDPSession(), waiting = new Map()
  let no = 0
  cdp.on('Target.receivedMessageFromTarget', m => { const answer = JSON.parse(m.message); waiting.get(answer.id)?.(answer) })
  const { targetId } = await cdp.send('Target.createTarget', { url })
  const { sessionId } = await cdp.send('Target.attachToTarget', { targetId, flatten: false })
  const send = (method, params = {}) => new Promise((done, fail) => {
    waiting.set(++no, done)
    cdp.send('Target.sendMessageToTarget', { sessionId, message: JSON.stringify({ id: no, method, params }) }).catch(fail)
  })
  const run = async expression => (await send('Runtime.evaluate', { expression, returnByValue: true })).result?.result?.value
  const click = async expression => {
    const [x, y] = await until(() => run(`(() => { const b = ${expression}; if (!b) return null; b.scrollIntoView({block: 'center'}); const r = b.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2] })()`))
    for (const type of ['mousePressed', 'mouseReleased']) await send('Input.dispatchMouseEvent', { type, x, y, button: 'left', clickCount: 1 })
  }
  const front = () => cdp.send('Target.activateTarget', { targetId })
  const close = () => cdp.send('Target.closeTarget', { targetId })
  const cookies = async () => (await cdp.send('Storage.getCookies', {})).cookies.map(c => `${c.name}=${c.value}`).join('; ')
  return { send, run, click, front, close, cookies }
}

test('a page in the background earns nothing until it is looked at again', { timeout: 90_000 }, async () => {
  const who = learner(env, 3), tab = await bareTab(env.base + '/login')
  await until(() => tab.run(`document.querySelectorAll('main input, form input').length >= 2`))
  await tab.run(`(() => { const set = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set, boxes = document.querySelectorAll('form input')
    ;[${JSON.stringify(who.phone)}, ${JSON.stringify(who.password)}].forEach((v, i) => { set.call(boxes[i], v); boxes[i].dispatchEvent(new Event('input', { bubbles: true })) }) })()`)
  await tab.click(`[...document.querySelectorAll('form button')].find(b => b.innerText.trim() === '登录')`)
  await until(() => tab.run(`location.pathname === '/' && !!document.querySelector('h1')`))
  const head = { cookie: await tab.cookies(), 'X-Requested-With': 'xueshi', 'Content-Type': 'application/json' }
  await fetch(env.base + '/api/learner/enrolments', { method: 'POST', headers: head, body: JSON.stringify({ course_id: 'c04' }) })
  const got = async () => (await (await fetch(env.base + '/api/learner/lessons/l0401', { headers: head })).json()).progress.credited_ms
  const seen = () => tab.run('document.visibilityState')
  await tab.send('Page.navigate', { url: env.base + lesson })
  const start_ = `[...document.querySelectorAll('button')].find(b => /^(播放|继续)/.test(b.getAttribute('aria-label') ?? b.innerText))`
  await tab.click(start_)
  await until(async () => await got() >= 5_000)
  const other = await bareTab(env.base + '/help')
  await until(async () => await seen() === 'hidden', 10_000)
  await seconds(3) // what was watched until now is reported at once
  const left = await got()
  await tab.run(`setInterval(() => { if (document.hidden) document.querySelector('video').play().catch(() => {}) }, 500)`) // the cheat: play on
  await seconds(14)
  assert.equal(await seen(), 'hidden')
  assert.equal(await got(), left, 'credited while hidden')
  await tab.front()
  await until(async () => await seen() === 'visible', 10_000)
  const back = Date.now(), again = await got()
  await until(async () => { // it ran ahead in the background: the player goes back to the first uncredited second and stops
    if (await tab.run(`document.querySelector('video').paused`)) await tab.click(start_)
    return await got() - again >= 3_000
  }, 40_000)
  const won = await got() - again
  assert.ok(won <= Date.now() - back, `credited ${won} ms after ${Date.now() - back} ms: the hidden time was paid`)
  await other.close()
  await tab.close()
})

test('two tabs that know nothing of each other earn the time of one', { timeout: 90_000 }, async () => {
  const hook = () => { delete navigator.__proto__.locks; delete window.BroadcastChannel }
  const { page, context } = await enter(env, 0, hook)
  const before = await earned(env, context), begin = Date.now()
  await play(page)
  const two = await context.newPage()
  await two.goto(env.base + lesson)
  await two.getByRole('button', { name: /^播放，从/ }).click()
  const ask = two.getByRole('button', { name: '在这里继续' })
  await ask.waitFor({ timeout: 10_000 }).then(() => ask.click(), () => {})
  for (const p of [page, two]) await p.evaluate(() => setInterval(() => document.querySelector('video')?.play().catch(() => {}), 500))
  await seconds(25)
  const got = await earned(env, context) - before, wall = Date.now() - begin
  assert.ok(got > 5_000, `only ${got} ms: nothing was tried`)
  assert.ok(got <= wall, `credited ${got} ms in ${wall} ms`)
  await context.close()
})

test('a shortened playlist completes nothing', { timeout: 90_000 }, async () => {
  const o = await open(env, DESKTOP), { page, context } = o
  await login(env, page, learner(env, 2))
  await enrol(env, context)
  let cut = 0
  await context.route('**/index.m3u8', async route => { // two segments stand for the whole lesson
    const text = await (await route.fetch()).text()
    const lines = text.split('\n'), first = lines.findIndex(l => l.startsWith('#EXTINF'))
    cut++
    await route.fulfill({ body: [...lines.slice(0, first + 4), '#EXT-X-ENDLIST', ''].join('\n'), contentType: 'application/vnd.apple.mpegurl' })
  })
  const before = await earned(env, context)
  await page.goto(env.base + lesson)
  await play(page)
  await until(async () => await at(page) >= 11, 30_000)
  await seconds(4)
  const l = await (await context.request.get(env.base + '/api/learner/lessons/l0401')).json()
  assert.ok(cut > 0, 'the playlist was not hooked')
  assert.ok(l.progress.credited_ms - before <= 12_200, `credited ${l.progress.credited_ms} ms of 12 s that were sent`)
  assert.equal(l.progress.complete, false)
  await context.close()
})

test('twenty seconds offline lose nothing', { timeout: 90_000 }, async () => {
  const { page, context } = await enter(env, 1)
  const before = await earned(env, context)
  await play(page)
  await until(async () => await earned(env, context) - before >= 8_000, 30_000)
  await context.setOffline(true)
  const from = await at(page)
  await seconds(20)
  const played = await at(page) - from
  assert.ok(played > 15, `the buffer played ${played} s of 20`)
  await context.setOffline(false)
  await seconds(4)
  await page.getByRole('button', { name: '暂停' }).click()
  const pos = await at(page)
  const got = await until(async () => { const n = await earned(env, context); return n >= (pos - 1) * 1000 && n }, 30_000)
  assert.ok(got <= pos * 1000 + 500, `credited ${got} ms at ${pos} s`)
  await context.close()
})

/** Plays until the check falls due, then asserts that nothing more is earned while the page is made to play on. */
async function playOnThroughCheck(page, context) {
  const due = async () => (await (await context.request.get(quick.base + '/api/learner/playback/check')).json()).check
  await play(page)
  await until(async () => (await due())?.id, 60_000)
  const left = await earned(quick, context)
  assert.ok(left <= 25_000, `credited ${left} ms before the check of 25 s`)
  await page.evaluate(() => setInterval(() => document.querySelector('video')?.play().catch(() => {}), 300))
  await seconds(14)
  assert.equal(await earned(quick, context), left, 'credited while a check is due')
  assert.ok((await due())?.id, 'the check is still due')
}

async function blocked() {
  const { page, context } = await enter(quick, 0)
  await context.route('**/api/learner/playback/check/**', route => route.abort())
  await context.route('**/api/learner/playback/check', route => route.abort())
  let hidden = 0
  await context.route('**/api/learner/playback/beat', async route => { // and the page is never told
    const response = await route.fetch()
    const body = await response.json().catch(() => null)
    if (body?.check) hidden++
    await route.fulfill({ response, body: JSON.stringify({ ...body, check: null, state: 'ok', pause_at_ms: 0 }) })
  })
  await playOnThroughCheck(page, context)
  assert.ok(hidden > 0, 'no check was hidden from the page')
  await context.close()
}

async function torn() {
  const { page, context } = await enter(quick, 1, () => {
    window.torn = 0
    new MutationObserver(() => document.querySelectorAll('dialog, [role=dialog]').forEach(d => { d.remove(); window.torn++ })).observe(document, { childList: true, subtree: true })
  })
  await playOnThroughCheck(page, context)
  assert.ok(await page.evaluate(() => window.torn) > 0, 'no dialog was torn out')
  await context.close()
}

test('a check that is blocked on the network, or torn out of the page, still stops all credit', { timeout: 90_000 }, () => Promise.all([blocked(), torn()]))
