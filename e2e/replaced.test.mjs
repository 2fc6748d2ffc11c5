// A lesson is replaced under its learners' eyes: the old one plays on to the end of the lease, the new one goes on at the same
// content, and every second counts once.
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { axe, credited, DESKTOP, login, open, PHONE, start, until } from './harness.mjs'

const lesson = 'l0102', head = 4000, shots = process.env.SHOTS
if (shots) mkdirSync(shots, { recursive: true })
let env, publisher
before(async () => {
  env = await start()
  publisher = prepare()
})
after(async () => {
  publisher?.kill()
  await env?.stop()
})

/** What the lesson plays now without its first seconds, packaged: it takes the lesson's place as soon as it is told to. */
function prepare() {
  const dir = join(env.data, 'blobs/media', lesson, '1'), film = join(env.data, 'film.mp4'), cut = join(env.data, 'cut.mp4')
  const parts = readdirSync(dir).filter(f => f.endsWith('.m4s')).sort((a, b) => parseInt(a) - parseInt(b))
  writeFileSync(film, Buffer.concat(['init.mp4', ...parts].map(f => readFileSync(join(dir, f)))))
  const made = spawnSync('ffmpeg', ['-loglevel', 'error', '-i', film, '-ss', String(head / 1000), '-c:v', 'libx264', '-preset', 'ultrafast', '-c:a', 'aac', cut], { encoding: 'utf8' })
  assert.equal(made.status, 0, made.stderr)
  return spawn('go', ['run', './test/publish', env.data, '', lesson, cut, String(head)], { stdio: ['pipe', 'inherit', 'inherit'] })
}

const publish = () => new Promise((done, fail) => {
  publisher.once('exit', code => code === 0 ? done() : fail(new Error(`publish: ${code}`)))
  publisher.stdin.end('now\n')
})
const told = page => page.evaluate(id => fetch(`/api/learner/lessons/${id}`).then(r => r.json()), lesson)
const video = (page, what) => page.evaluate(w => document.querySelector('video')[w], what)
const play = page => page.getByRole('button', { name: /^播放/ }).first().click()
const pause = page => page.getByRole('button', { name: '暂停' }).click()
const more = async (page, ms) => {
  const had = await credited(page)
  await until(async () => await credited(page) >= had + ms, 60_000)
}
const spoken = ms => `${Math.floor(ms / 60_000)} 分 ${Math.floor(ms / 1000) % 60} 秒`

/** What the server says of the newest revision once a paused player has sent its last beat. */
async function settled(page) {
  let last
  return until(async () => {
    const { progress } = await told(page), before = last
    last = progress.credited_ms
    return last === before && progress
  })
}

/** The answer to the last heartbeat of a page: of the revision it plays. */
function listen(page) {
  const heard = {}
  page.on('response', async r => { if (r.url().endsWith('/playback/beat') && r.ok()) heard.answer = await r.json().catch(() => heard.answer) })
  return heard
}

/** The player's buttons stand in one row, whatever the lesson offers; the words on the page can be read. */
async function look(page, name) {
  const rows = await page.getByRole('button', { name: /^(播放|暂停|全屏)$/ }).evaluateAll(all => new Set(all.map(b => Math.round(b.getBoundingClientRect().top))).size)
  assert.equal(rows, 1, `${name}: the player's buttons in one row`)
  if (shots) await page.screenshot({ path: `${shots}/replaced_${name}.png`, fullPage: true })
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
  assert.ok(wide <= 0, `${name} scrolls sideways by ${wide} px`)
  assert.deepEqual(await axe(page), [], `accessibility of ${name}`)
}

/** Somebody on a lesson page, who plays it when asked. */
async function learner(person, viewport) {
  const { page, context, problems } = await open(env, viewport), heard = listen(page)
  await login(env, page, person)
  await page.goto(`${env.base}/learn/${lesson}`)
  await page.locator('[data-test=credited]').waitFor()
  return { page, context, problems, heard }
}

test('the old one plays on, the new one goes on at the same content; a page of before says so', { timeout: 240_000 }, async () => {
  const desktop = await learner(env.people[0], DESKTOP), phone = await learner(env.people[1], PHONE)
  const late = await open(env, PHONE)
  await login(env, late.page, env.people[2])
  await late.page.goto(`${env.base}/courses/c01`)
  await late.page.getByRole('button', { name: '报名学习' }).click()
  await late.page.waitForURL(/\/learn\//)
  await late.page.goto(`${env.base}/learn/${lesson}`)
  await late.page.getByRole('button', { name: /^播放/ }).first().waitFor()
  for (const { page } of [desktop, phone]) await play(page)
  for (const { page } of [desktop, phone]) await more(page, 10_000)
  const long = await video(desktop.page, 'duration')

  await publish()
  for (const [size, { page, problems, heard }] of Object.entries({ desktop, phone })) {
    await more(page, 10_000)
    assert.ok(Math.abs(await video(page, 'duration') - long) < 0.1, 'the lease goes on with what it began with') // sound ends a few ms after the picture, and is known when its end is fetched
    assert.equal(await video(page, 'paused'), false)
    await look(page, `old_${size}`)
    await pause(page)
    const seen = await settled(page), had = heard.answer
    assert.equal(had.credited.length, 1, `one stretch without a gap: ${JSON.stringify(had.credited)}`)
    assert.ok(had.credited_ms >= 20_000, 'before and after the replacement')
    await page.reload()
    await page.locator('[data-test=credited]').waitFor()
    const { media, progress: now } = await told(page)
    assert.equal(media.rev, 2)
    assert.deepEqual(now.credited, seen.credited, 'the end of the lease changes nothing')
    assert.equal(await credited(page), Math.floor(now.credited_ms / 1000) * 1000, 'the page shows what the server says')
    await goesOn(page, had, now, size)
    await again(page)
    assert.deepEqual(problems, [])
  }

  await play(late.page)
  await late.page.getByText('这节课的视频刚刚更新，请再点一次播放。').waitFor()
  const ground = await late.page.locator('.renewed').evaluate(e => getComputedStyle(e).backgroundColor)
  assert.notEqual(ground, 'rgba(0, 0, 0, 0)', 'light words have a dark ground of their own')
  await look(late.page, 'late')
  await play(late.page)
  await until(async () => await video(late.page, 'currentTime') > 1)
  assert.ok(long - await video(late.page, 'duration') > 3, 'the new one plays')
  assert.deepEqual(late.problems, [])
  for (const { context } of [desktop, phone, late]) await context.close()

  const checked = spawnSync(env.bin, ['verify', '--data', env.data], { encoding: 'utf8' })
  assert.equal(checked.status, 0, checked.stdout + checked.stderr)
  assert.match(checked.stdout, / 2 carried over, /)
})

/** The new one begins where the old one was left, less what was cut off, and counts from there. */
async function goesOn(page, had, now, size) {
  assert.deepEqual(now.credited, had.credited.map(([from, to]) => [Math.max(0, from - head), to - head]), 'nothing is lost, nothing added')
  await page.getByRole('button', { name: `播放，从 ${spoken(now.resume_ms)} 开始` }).click()
  await until(async () => await video(page, 'currentTime') > now.resume_ms / 1000)
  assert.ok(await video(page, 'currentTime') < now.resume_ms / 1000 + 3, 'at the right second')
  assert.equal(now.resume_ms, had.resume_ms - head)
  await look(page, `new_${size}`)
  const since = Date.now()
  await more(page, 10_000)
  await pause(page)
  const then = await settled(page), wall = Date.now() - since + 3000
  assert.equal(then.credited.length, 1, `the old and the new make one stretch: ${JSON.stringify(then.credited)}`)
  const grown = then.credited_ms - now.credited_ms // the page shows whole seconds
  assert.ok(grown > 9000 && grown <= wall, `${grown} ms in ${wall} ms`)
}

/** What was carried over may be watched again, and earns nothing. */
async function again(page) {
  const had = await settled(page), slider = page.getByRole('slider', { name: '播放进度' })
  await slider.focus()
  await page.keyboard.press('Home')
  await play(page)
  await until(async () => { const at = await video(page, 'currentTime'); return at > 5 && at < 20 })
  await pause(page)
  assert.equal((await settled(page)).credited_ms, had.credited_ms, 'carried over means credited already')
}
