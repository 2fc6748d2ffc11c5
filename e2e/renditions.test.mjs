// A lesson in several qualities, packaged as the platform does: played in each, and as sound alone, while its time counts on.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { axe, credited, DESKTOP, login, open, PHONE, start, until } from './harness.mjs'

let env
const run = (name, ...args) => {
  const r = spawnSync(name, args, { encoding: 'utf8' })
  assert.equal(r.status, 0, r.stderr)
}
before(async () => {
  env = await start()
  const film = join(env.data, 'film.mp4')
  run('ffmpeg', '-loglevel', 'error', '-f', 'lavfi', '-i', 'testsrc2=s=854x480:r=12:d=110', '-f', 'lavfi', '-i', 'sine=f=440:d=110:b=2', '-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-c:a', 'aac', film)
  run('go', 'run', './test/publish', env.data, '', 'l0401', film)
})
after(async () => { await env?.stop() })
const play = page => page.getByRole('button', { name: /^播放，从/ }).click()
const video = (page, what) => page.evaluate(w => document.querySelector('video')[w], what)
const quality = page => page.getByRole('combobox', { name: '画质' })

/** Plays on until the picture is that high and ten more seconds are credited. */
async function plays(page, height) {
  await until(async () => await video(page, 'videoHeight') === height)
  const had = await credited(page), at = await video(page, 'currentTime')
  await until(async () => await credited(page) >= had + 10_000, 80_000)
  assert.ok(await video(page, 'currentTime') > at, 'the position goes on')
}

test('both qualities and the sound alone, credit goes on across the switch', { timeout: 240_000 }, async () => {
  const { page, context, problems } = await open(env, DESKTOP)
  const asked = [], credits = []
  page.on('response', async r => { if (/playback.beat$/.test(r.url()) && r.ok()) credits.push((await r.json().catch(() => ({ credited: [] }))).credited) })
  page.on('request', r => { const m = /\/(\w+)\/\d+\.m4s$/.exec(r.url()); if (m) asked.push(m[1]) })
  await login(env, page, env.people[0])
  await page.goto(env.base + '/learn/l0401')
  await quality(page).selectOption('480p') // before it plays
  await play(page)
  await plays(page, 480)
  assert.deepEqual([...new Set(asked)], ['480p'])
  await quality(page).focus()
  await page.keyboard.press('ArrowDown') // 360p stands below 480p
  assert.equal(await quality(page).inputValue(), '360p')
  await plays(page, 360)
  assert.deepEqual(await axe(page), [])
  asked.length = 0
  await quality(page).selectOption('audio')
  await plays(page, 0)
  assert.deepEqual([...new Set(asked)], ['audio'])
  const gaps = credits.map(r => r.slice(1).map((x, i) => x[0] - r[i][1])).flat()
  assert.ok(Math.max(0, ...gaps) <= 100, `what was watched up to a change of quality counts: ${gaps} ms are missing`)
  await quality(page).selectOption({ label: '自动' })
  await until(async () => await video(page, 'videoHeight') > 0)
  await quality(page).selectOption('audio')
  await page.reload() // kept on this device
  await quality(page).waitFor()
  assert.equal(await quality(page).inputValue(), 'audio')
  assert.deepEqual(problems, [])
  await context.close()
})

test('small pictures over what was studied, by pointer and by keys; nothing where there is one encoding only', { timeout: 120_000 }, async () => {
  const { page, context, problems } = await open(env, PHONE, { hasTouch: true })
  await login(env, page, env.people[1])
  await page.goto(env.base + '/learn/l0401')
  await play(page)
  await until(async () => await credited(page) >= 10_000)
  await page.getByRole('button', { name: '暂停' }).click()
  const track = page.getByRole('slider', { name: '播放进度' }), { x, y, width, height } = await track.boundingBox()
  await page.mouse.move(x + 2, y + height / 2)
  await page.locator('.thumb').waitFor()
  await page.mouse.move(x + width * 0.9, y + height / 2)
  await page.locator('.thumb').waitFor({ state: 'detached' })
  await page.mouse.move(x, y + 200)
  await track.focus()
  await page.keyboard.press('ArrowLeft')
  await page.locator('.thumb').waitFor()
  assert.deepEqual(await axe(page), [])
  if (process.env.SHOTS) await page.screenshot({ path: join(process.env.SHOTS, 'renditions-phone.png') })
  const menu = await quality(page).boundingBox()
  assert.ok(menu.height >= 44 && menu.width >= 44 && menu.x + menu.width <= PHONE.width, 'the menu is big enough and in the picture')
  await page.goto(env.base + '/learn/l0101')
  await page.getByRole('button', { name: '字幕' }).waitFor()
  assert.equal(await quality(page).count(), 0)
  assert.deepEqual(problems, [])
  await context.close()
})
