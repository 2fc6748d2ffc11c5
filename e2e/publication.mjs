// The whole way of a lesson: a file is uploaded, inspected, mended, reviewed, published, and a learner plays it.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { DESKTOP, enter as enterPortal, login, look as lookAt, lookTwice as lookTwiceAt, open, PHONE, start, until } from './harness.mjs'

/** A clip as a careless author makes it: three seconds of black before it begins, and far too quiet. */
function clip(t, name, seconds, size) {
  const dir = mkdtempSync(join(tmpdir(), 'xueshi-clips-')), path = join(dir, name)
  t.after(() => rmSync(dir, { recursive: true, force: true }))
  const made = spawnSync('ffmpeg', ['-v', 'error', '-f', 'lavfi', '-i', `smptehdbars=size=1280x720:rate=10:duration=${seconds}`, '-f', 'lavfi', '-i', `sine=frequency=300:sample_rate=48000:duration=${seconds}`,
    '-vf', `drawbox=x='mod(t*40,1200)':y=560:w=80:h=80:c=white:t=fill,drawbox=c=black:t=fill:enable='lt(t,3)',scale=${size}`, '-af', 'volume=-14dB',
    '-c:v', 'libx264', '-preset', 'ultrafast', '-g', '40', '-pix_fmt', 'yuv420p', '-c:a', 'aac', '-ac', '2', '-shortest', path], { encoding: 'utf8' })
  assert.equal(made.status, 0, made.stderr)
  return path
}

/** A new course of the shortest kind, by the form. */
async function begin(env, page, title) {
  await page.goto(env.base + '/provider/courses')
  await page.getByRole('button', { name: '新建课程' }).click()
  await page.getByLabel('课程名称').fill(title)
  await page.getByLabel('学时', { exact: true }).fill('0.1')
  await page.getByLabel('主讲教师', { exact: true }).fill('王老师')
  await page.getByRole('button', { name: '建好，去上传视频' }).click()
  await page.waitForURL(/\/provider\/courses\/[^/]+$/)
  await page.getByRole('heading', { name: title }).waitFor()
  return page.url().split('/').at(-1)
}

/** Runs it on one engine; each has a file of its own, so that they run side by side. What works on the video gives way to everything else. */
export const publication = engine => test(`from a file to a learner: upload, report, repair, captions, review by another, publication, play, ${engine}`, { timeout: 900_000 }, async t => {
  const env = await start(engine)
  t.after(() => env.stop())
  const person = role => env.people.find(p => p.roles.includes(role)), enter = (page, who) => enterPortal(env, page, who, '/provider')
  // The pages are the same on both engines and are looked at on one; the other is given a small picture, which is worked on faster.
  const seen = engine === 'sqlite', look = (page, name) => seen && lookAt(page, `publication_${name}`), lookTwice = (page, name) => seen && lookTwiceAt(page, `publication_${name}`)
  const { page, context, problems } = await open(env, DESKTOP)
  await enter(page, person('provider_staff:jinyun'))
  const file = clip(t, '第1节_安全生产法.mp4', 260, seen ? '1280:720' : '640:360')
  const course = await begin(env, page, '安全生产法解读')
  await page.getByLabel('课件录屏').check()
  await page.locator('input[type=file][multiple]').setInputFiles(file)
  const card = page.locator('li.lesson')
  await card.getByRole('heading', { name: '1. 第1节 安全生产法' }).waitFor()
  await lookTwice(page, 'uploading')
  if (seen) await card.getByText(/正在检测|排队等待检测/).waitFor({ timeout: 60_000 })
  await lookTwice(page, 'inspecting')
  await card.getByText(/项未达标/).waitFor({ timeout: 420_000 })
  await lookTwice(page, 'inspected')
  await card.getByRole('link', { name: '检测报告' }).click()
  await page.getByText('课程还是草稿，提交后进入审核。').waitFor()
  await page.locator('video').waitFor({ timeout: 420_000 })
  await lookTwice(page, 'found')
  await page.locator('button.at').first().click()
  await until(() => page.evaluate(() => document.querySelector('video').currentTime > 0 && document.querySelector('video').videoWidth > 0))
  await page.getByRole('button', { name: '一键修复' }).click()
  await page.getByRole('button', { name: '开始修复' }).click()
  await page.getByRole('link', { name: '看新版的报告' }).click({ timeout: 420_000 })
  await page.getByRole('heading', { name: '修复前后对比' }).waitFor({ timeout: 420_000 })
  await page.locator('video').waitFor({ timeout: 420_000 })
  assert.ok(await page.locator('.gone li').count() > 0, 'the repair removed something')
  await page.getByRole('button', { name: '在现在处添加' }).click()
  await page.keyboard.type('大家好，今天讲安全生产法。')
  await page.getByRole('button', { name: '保存字幕' }).click()
  await page.getByText('字幕已保存。').waitFor()
  await lookTwice(page, 'mended')
  const report = new URL(page.url()).pathname

  await page.goto(`${env.base}/provider/courses/${course}`)
  await page.getByRole('button', { name: '提交审核' }).click()
  await page.getByRole('dialog').getByRole('button', { name: '提交审核' }).click()
  await page.getByText('已提交审核。').waitFor()
  await page.goto(env.base + '/provider/reviews')
  await page.getByText('你上传的，请同事审核').waitFor()
  await page.goto(env.base + report)
  await page.getByText('这是你上传的视频，要由另一位同事审核。').waitFor()

  const other = await open(env, DESKTOP)
  await enter(other.page, person('teacher:jinyun'))
  await other.page.getByText('1 个视频等待审核').waitFor()
  await look(other.page, 'desk')
  await other.page.getByRole('link', { name: '去审核' }).click()
  await other.page.getByText('你可以审核').waitFor()
  await lookTwice(other.page, 'reviews')
  await other.page.getByRole('link', { name: '第1节 安全生产法' }).click()
  await other.page.getByRole('heading', { name: '审核签字' }).waitFor()
  await other.page.getByText('字幕已有。').waitFor()
  await other.page.getByLabel('画面内容与讲解一致').check()
  for (const reason of await other.page.getByLabel(/^接受的原因：/).all()) await reason.fill('这是测试画面，不影响学习')
  await lookTwice(other.page, 'review')
  await other.page.getByRole('button', { name: '签字通过' }).click()
  await other.page.getByText('已签字通过。').waitFor()
  assert.deepEqual(other.problems, [])
  await other.context.close()

  await page.goto(`${env.base}/provider/courses/${course}`)
  await page.getByRole('button', { name: '发布', exact: true }).click()
  await page.getByRole('dialog').getByRole('button', { name: '发布', exact: true }).click()
  await page.getByText('已发布，学员可以报名。').waitFor()
  await lookTwice(page, 'published')
  await page.goto(env.base + '/provider/library')
  await page.getByText('自动修复的副本').waitFor()
  await lookTwice(page, 'library')

  const learner = await open(env, PHONE)
  await login(env, learner.page, env.people[5])
  await learner.page.goto(`${env.base}/courses/${course}`)
  await learner.page.getByRole('button', { name: '报名学习' }).click()
  await learner.page.waitForURL(/\/learn\//)
  await learner.page.getByRole('button', { name: /^播放|开始学习/ }).first().click()
  await until(() => learner.page.evaluate(() => document.querySelector('video')?.currentTime > 1))
  assert.deepEqual(learner.problems, [])
  await learner.context.close()

  await page.goto(`${env.base}/provider/courses/${course}`)
  await page.getByRole('button', { name: '下架' }).click()
  await page.getByText('下架只停止新的报名').waitFor()
  await page.getByRole('dialog').getByRole('button', { name: '下架' }).click()
  await page.getByText('已下架。已报名的学员照常学习。').waitFor()
  assert.deepEqual(problems, [])
  await context.close()
})
