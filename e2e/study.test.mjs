// Studying in a real browser: play, go on on a phone, cheat in vain, reload.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { axe, credited, DESKTOP, login, open, PHONE, start, until } from './harness.mjs'

let env
before(async () => { env = await start() })
after(async () => { await env?.stop() })
const play = page => page.getByRole('button', { name: /^播放，从/ }).click()
const at = page => page.evaluate(() => document.querySelector('video').currentTime)

test('play on the PC, go on on the phone, nothing lost', { timeout: 120_000 }, async () => {
  const pc = await open(env, DESKTOP)
  await login(env, pc.page, env.people[0])
  await pc.page.goto(env.base + '/learn/l0401')
  await play(pc.page)
  await until(async () => await credited(pc.page) >= 10_000)
  assert.match(await pc.page.locator('.cue').innerText(), /[一-龥]/, 'captions are shown')

  const phone = await open(env, PHONE, { isMobile: true, hasTouch: true })
  await login(env, phone.page, env.people[0])
  await phone.page.goto(env.base + '/learn/l0401')
  await play(phone.page)
  await phone.page.getByRole('dialog', { name: '在这里继续吗？' }).waitFor()
  assert.deepEqual(await axe(phone.page), [])
  const left = await at(pc.page)
  await phone.page.getByRole('button', { name: '在这里继续' }).click()
  await until(async () => await phone.page.evaluate(() => { const v = document.querySelector('video'); return v && !v.paused && v.currentTime > 0 }))
  await pc.page.getByText('账号正在另一台设备学习，这里已停下。').waitFor({ timeout: 15_000 })
  assert.equal(await pc.page.evaluate(() => document.querySelector('video').paused), true, 'the old place stops')
  await until(async () => await credited(phone.page) > left * 1000, 40_000)
  await phone.page.getByRole('button', { name: '暂停' }).click()
  assert.deepEqual(await axe(phone.page), [])
  assert.deepEqual([...pc.problems, ...phone.problems].filter(p => !/410/.test(p)), [])
  await pc.context.close()
  await phone.context.close()
})

test('cheating in the page earns nothing', { timeout: 120_000 }, async () => {
  const { page, context } = await open(env, DESKTOP)
  await login(env, page, env.people[1])
  await page.goto(env.base + '/learn/l0401')
  const begin = Date.now()
  await play(page)
  await until(async () => await at(page) > 1)
  await page.evaluate(() => { const v = document.querySelector('video'); v.playbackRate = 16 })
  await until(async () => await page.evaluate(() => document.querySelector('video').playbackRate) === 1)
  await page.evaluate(() => { document.querySelector('video').currentTime = 900 })
  await until(async () => await at(page) < 60)
  // listeners suppressed: the page can be fooled, the server cannot
  await page.evaluate(() => {
    const v = document.querySelector('video')
    for (const e of ['seeking', 'ratechange', 'timeupdate']) v.addEventListener(e, x => x.stopImmediatePropagation(), { capture: true })
    window.addEventListener('ratechange', x => x.stopImmediatePropagation(), true)
    window.addEventListener('seeking', x => x.stopImmediatePropagation(), true)
    window.addEventListener('timeupdate', x => x.stopImmediatePropagation(), true)
    v.playbackRate = 16
    v.currentTime = 85
  })
  await until(async () => Date.now() - begin > 25_000)
  const got = await credited(page), wall = Date.now() - begin
  assert.ok(got <= wall, `credited ${got} ms in ${wall} ms`)
  const two = await context.newPage()
  await two.goto(env.base + '/learn/l0401')
  await play(two)
  await two.getByText('你在另一个窗口打开了课程').waitFor()
  await context.close()
})

test('a reload keeps the lease and every second', { timeout: 90_000 }, async () => {
  const { page, context, problems } = await open(env, DESKTOP)
  await login(env, page, env.people[4])
  await page.goto(env.base + '/courses/c04')
  await page.getByRole('button', { name: '报名学习' }).click()
  await page.waitForURL(/\/learn\/l0401/)
  await play(page)
  await until(async () => (await at(page)) > 6)
  const played = Math.floor(await at(page)) * 1000
  await page.reload()
  await play(page)
  await until(async () => (await credited(page)) >= played - 1000)
  await until(async () => (await at(page)) > played / 1000)
  assert.equal(await page.getByRole('dialog').count(), 0, 'nobody is asked about a window that is gone')
  await until(async () => (await page.evaluate(beatsLeft)) === 0)
  assert.deepEqual(problems.filter(p => !/410/.test(p)), [])
  await context.close()
})

// The player moves by itself over a small gap, while the page is too busy to have heard how far it has played.
test('a busy page loses nothing', { timeout: 90_000 }, async () => {
  const { page, context, problems } = await open(env, DESKTOP)
  let heard
  page.on('response', async r => { if (/playback.beat$/.test(r.url()) && r.ok()) heard = (await r.json().catch(() => ({ credited: heard }))).credited })
  await login(env, page, env.people[5])
  await page.goto(env.base + '/courses/c04')
  await page.getByRole('button', { name: '报名学习' }).click()
  await page.waitForURL(/\/learn\/l0401/)
  await play(page)
  await until(async () => (await at(page)) > 4)
  await page.evaluate(() => {
    const v = document.querySelector('video'), end = performance.now() + 2500
    while (performance.now() < end);
    v.currentTime += 0.1
  })
  await until(async () => await credited(page) >= 10_000)
  await page.getByRole('button', { name: '暂停' }).click()
  await until(() => heard?.at(-1)[1] > 10_000)
  assert.equal(heard.length, 1, `one stretch: ${JSON.stringify(heard)}`)
  assert.ok(heard[0][0] < 500, 'from the beginning')
  assert.deepEqual(problems, [])
  await context.close()
})

/** Heartbeats that lie unanswered in the browser. */
const beatsLeft = () =>
  new Promise((done, fail) => {
    const r = indexedDB.open('xueshi', 1)
    r.onerror = () => fail(r.error)
    r.onsuccess = () => {
      const count = r.result.transaction('beats').objectStore('beats').count()
      count.onsuccess = () => done(count.result)
    }
  })
