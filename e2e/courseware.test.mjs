// How a course is made: its pages at both sizes, and the whole way from a file to a learner who plays it.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { axe, DESKTOP, login, open, PHONE, start, until } from './harness.mjs'

let env, clips
before(async () => { env = await start(); clips = mkdtempSync(join(tmpdir(), 'xueshi-clips-')) })
after(async () => { await env?.stop(); rmSync(clips, { recursive: true, force: true }) })
const shots = process.env.SHOTS
if (shots) mkdirSync(shots, { recursive: true })
const person = role => env.people.find(p => p.roles.includes(role))
const api = '/api/provider/providers/jinyun/'

async function enter(page, who) {
  await page.goto(env.base + '/login')
  await page.getByLabel('手机号或身份证号').fill(who.phone)
  await page.getByLabel('密码').fill(who.password)
  await page.getByRole('button', { name: '登录', exact: true }).click()
  await page.waitForURL(env.base + '/provider')
}

async function look(page, name) {
  await page.evaluate(() => document.fonts.ready)
  if (shots) await page.screenshot({ path: `${shots}/courseware_${name}.png`, fullPage: true })
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
  assert.ok(wide <= 0, `${name} scrolls sideways by ${wide} px`)
  assert.deepEqual(await axe(page), [], `accessibility of ${name}`)
}

async function lookTwice(page, name) {
  await look(page, `${name}_desktop`)
  await page.setViewportSize(PHONE)
  await look(page, `${name}_phone`)
  await page.setViewportSize(DESKTOP)
}

/** A clip as a careless author makes it: three seconds of black before it begins, and far too quiet. */
function clip(name, seconds) {
  const path = join(clips, name)
  const made = spawnSync('ffmpeg', ['-v', 'error', '-y', '-f', 'lavfi', '-i', `testsrc2=size=1280x720:rate=10:duration=${seconds}`, '-f', 'lavfi', '-i', `sine=frequency=300:sample_rate=48000:duration=${seconds}`,
    '-vf', "drawbox=c=black:t=fill:enable='lt(t,3)'", '-af', 'volume=-14dB', '-c:v', 'libx264', '-preset', 'ultrafast', '-g', '40', '-c:a', 'aac', '-ac', '2', '-shortest', path], { encoding: 'utf8' })
  assert.equal(made.status, 0, made.stderr)
  return path
}

/** A new course of the shortest kind, by the form. */
async function begin(page, title) {
  await page.goto(env.base + '/provider/courses')
  await page.getByRole('button', { name: '新建课程' }).click()
  await page.getByLabel('课程名称').fill(title)
  await page.getByLabel('学时', { exact: true }).fill('0.1')
  await page.getByLabel('主讲教师', { exact: true }).fill('王老师')
  await page.getByLabel('课程简介').fill('从安全制度讲到现场检查。')
  await look(page, 'new_course')
  await page.getByRole('button', { name: '建好，去上传视频' }).click()
  await page.waitForURL(/\/provider\/courses\/[^/]+$/)
  await page.getByRole('heading', { name: title }).waitFor()
  return page.url().split('/').at(-1)
}

test('a course is written: facts, chapters, order, questions, handout', { timeout: 120_000 }, async () => {
  const { page, context, problems } = await open(env, DESKTOP)
  await enter(page, person('provider_staff:jinyun'))
  await page.getByText('没有等待处理的视频。').waitFor()
  const course = await begin(page, '安全生产管理')
  await page.getByText('还没有课节。上传视频').waitFor()
  await lookTwice(page, 'editor_empty')
  for (const [title, chapter] of [['安全生产法', '第一章 制度'], ['责任制', '第一章 制度'], ['现场检查', '第二章 现场']]) {
    await page.getByLabel('课节名称').fill(title)
    await page.getByLabel('所在的章').fill(chapter)
    await page.getByRole('button', { name: '先建课节' }).click()
    await page.getByRole('heading', { name: title }).waitFor()
  }
  // By the keyboard: the last lesson goes up twice.
  for (const at of [2, 1]) {
    await page.getByRole('button', { name: '上移：现场检查' }).focus()
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: `${at}. 现场检查` }).waitFor()
  }
  await page.getByRole('button', { name: '整章下移：第二章 现场' }).click()
  await page.getByRole('heading', { name: '3. 现场检查' }).waitFor()
  await page.getByRole('button', { name: '改章名：第二章 现场' }).click()
  await page.getByRole('textbox', { name: '所在的章' }).first().fill('第二章 检查')
  await page.getByRole('button', { name: '保存' }).click()
  await page.getByRole('region', { name: '第二章 检查' }).waitFor()

  await page.getByRole('button', { name: '0 道确认题' }).first().click()
  await page.getByRole('button', { name: '加一题' }).click()
  await page.getByLabel('题目').fill('安全生产的方针是什么？')
  await page.getByLabel('选项 1', { exact: true }).fill('安全第一、预防为主')
  await page.getByLabel('选项 2', { exact: true }).fill('先生产后治理')
  await look(page, 'questions')
  await page.getByRole('button', { name: '保存' }).click()
  await page.getByRole('button', { name: '1 道确认题' }).waitFor()
  await page.getByRole('button', { name: '名称和讲义' }).first().click()
  await page.getByRole('textbox', { name: '讲义' }).fill('第一部分\n\n第二部分')
  await page.getByRole('button', { name: '保存' }).click()
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  await page.getByRole('button', { name: '删除「责任制」' }).click()
  await look(page, 'remove')
  await page.getByRole('button', { name: '删除', exact: true }).click()
  await page.getByRole('heading', { name: '2. 现场检查' }).waitFor()

  await page.getByRole('button', { name: '提交审核' }).click()
  await page.getByText('由另一位同事逐节审核').waitFor()
  await page.getByRole('dialog').getByRole('button', { name: '提交审核' }).click()
  await page.getByText('还有课节没有能用的视频：安全生产法、现场检查。补上后再提交。').waitFor()
  await look(page, 'submit_refused')
  await page.getByRole('dialog').getByRole('button', { name: '取消' }).click()
  await lookTwice(page, 'editor')
  const kept = await page.evaluate(async ([api, course]) => (await (await fetch(`${api}courses/${course}/lessons`)).json()).items, [api, course])
  assert.deepEqual(kept.map(l => [l.title, l.chapter, l.questions.length, l.handout]), [['安全生产法', '第一章 制度', 1, '第一部分\n\n第二部分'], ['现场检查', '第二章 检查', 0, '']])
  assert.deepEqual(problems, [])
  await context.close()
})

test('what a refusal and a lost connection look like', { timeout: 90_000 }, async () => {
  const { page, context, problems } = await open(env, DESKTOP)
  await enter(page, person('provider_staff:jinyun'))
  await page.goto(env.base + '/provider/library')
  await page.getByText('还没有视频。从上面上传第一个。').waitFor()
  await lookTwice(page, 'library_empty')
  let answer
  await page.route('**/api/provider/uploads', r => r.fulfill({ status: answer.status, contentType: 'application/problem+json', body: JSON.stringify(answer) }))
  const file = { name: '短片.mp4', mimeType: 'video/mp4', buffer: Buffer.alloc(1000) }
  for (const [a, says] of [
    [{ status: 503, code: 'media.tools_missing' }, '服务器没有装视频检测工具'],
    [{ status: 422, code: 'media.upload_size', params: { max_gb: 6 } }, '文件是空的，或超过 6 GB'],
    [{ status: 403, code: 'identity.scope_required' }, '这个范围不在你的权限内'],
  ]) {
    answer = a
    await page.locator('input[type=file]').setInputFiles(file)
    await page.getByText(says).waitFor()
  }
  await look(page, 'library_refused')
  for (const b of await page.getByRole('button', { name: '移出列表' }).all()) await b.click({ position: { x: 2, y: 2 } }).catch(() => undefined)
  await page.goto(env.base + '/provider/reviews')
  await page.getByText('没有等待审核的视频。').waitFor()
  await lookTwice(page, 'reviews_empty')
  assert.deepEqual(problems.filter(p => !/503/.test(p)), [])
  await context.close()
})

test('a report with every kind of finding, one unknown kind, and captions by the keyboard', { timeout: 90_000 }, async () => {
  const { page, context, problems } = await open(env, DESKTOP)
  await enter(page, person('teacher:jinyun'))
  const kinds = ['container', 'video_codec', 'audio_codec', 'no_audio', 'resolution', 'frame_rate_variable', 'frame_rate_low', 'bitrate_low', 'bitrate_high', 'av_offset', 'av_drift', 'black_head', 'black_inside',
    'black_tail', 'freeze', 'dropped_frames', 'duplicated_frames', 'out_of_order', 'brightness_low', 'brightness_high', 'contrast_low', 'saturation_high', 'colour_cast', 'shake', 'loudness_low',
    'loudness_high', 'true_peak', 'loudness_range', 'clipping', 'silence', 'noise_floor', 'hum', 'loudness_spread', 'pitch_spread', 'not_known_yet']
  const finding = (kind, i) => ({ kind, clause: i % 2 ? 'R1.7b' : 'ITU-R BT.1359-1', severity: i % 3 ? 'fail' : 'warn', from_ms: i % 4 ? i * 7000 : 0, to_ms: i % 4 ? i * 7000 + 9000 : 0, value: 1340, limit: 500, unit: 'ms', detail: 'vp6' })
  const job = State => ({ State, Done: 0, Total: 0, Try: 1 })
  const courseware = { lesson_id: 'x', rev: 1, origin: 'upload', profile: 'video', original_id: 'o', name: '第1节.mp4', state: 'inspected', code: '', note: '', unwaived: 24, packaged: true, duration_ms: 300_000, captions_url: '',
    captions_waiver: '', content_matches: false, uploaded_by: '吴教务', uploaded_at: '2026-11-20T08:00:00Z', reviewed_by: '', reviewed_at: null, published_at: null, version: 3, inspection: job('done'), packing: job('done'), repairing: job('') }
  const report = { id: 'r', profile: 'video', verdict: 'fail', failing: 24, at: '2026-11-20T08:05:00Z', original_id: 'o', policy_version: 2, policy: { video: { loudness_min_lufs: -24, loudness_max_lufs: -16 } }, took_ms: 42_000,
    measured: { duration_ms: 300_000, picture: { width: 1920, height: 1080, fps: 25, codec: 'h264' }, sound: { loudness: -27.4, short_term: Array.from({ length: 300 }, (_, i) => -26 + 6 * Math.sin(i / 9)) } }, findings: kinds.map(finding) }
  const all = { courseware: { ...courseware, report }, course: { id: 'c', title: '安全生产管理', state: 'inspecting', hours: '0.1' }, lesson: { id: 'x', title: '安全生产法', chapter: '', number: 1, handout: '', newest: { ...courseware, report }, playing: 0, questions: [] },
    report, before: { ...report, findings: [...report.findings.slice(0, 3), finding('gap', 1)] }, repair: { trim_head_ms: 3000, loudness: -20, true_peak: -1 }, waivers: [{ no: 2, reason: '老师口音如此', by: '周明远' }], may_review: true,
    preview: { playlist_url: '/x/index.m3u8', poster_url: '/favicon.svg', duration_ms: 300_000 } }
  let sent, refuse = true
  await page.route('**/lessons/x/courseware/1', r => r.fulfill({ json: all }))
  await page.route('**/lessons/x/courseware/1/captions', r => {
    sent = r.request().postDataJSON().vtt
    return refuse ? r.fulfill({ status: 422, contentType: 'application/problem+json', body: JSON.stringify({ status: 422, code: 'media.captions', params: { line: 6, what: 'order' } }) }) : r.fulfill({ status: 204 })
  })
  await page.goto(env.base + '/provider/lessons/x/rev/1')
  await page.getByRole('heading', { name: '24 项未达标' }).waitFor()
  await page.getByText('not_known_yet：测得 1.3 秒，界限 500 毫秒。').first().waitFor()
  await page.getByText('老师口音如此').waitFor()
  assert.equal(await page.getByText(/\{\w+\}|finding\.|making\./).count(), 0, 'every text has its words')
  await page.getByRole('button', { name: '一键修复' }).click()
  await page.getByText('你上传的文件不变').waitFor()
  await look(page, 'repair')
  await page.getByRole('dialog').getByRole('button', { name: '取消' }).click()

  await page.getByRole('button', { name: '在现在处添加' }).click()
  await page.keyboard.type('安全生产，人人有责')
  await page.keyboard.press('Alt+n')
  await page.keyboard.type('第二句')
  await page.getByText('字幕 2 条').waitFor()
  await page.getByLabel('第 1 条文字').focus()
  await page.keyboard.press('Home')
  for (let i = 0; i < 5; i++) await page.keyboard.press('ArrowRight')
  await page.keyboard.press('Alt+Enter')
  await page.getByText('字幕 3 条').waitFor()
  await page.getByRole('button', { name: '保存字幕' }).click()
  await page.getByText('字幕第 6 行有误：时间比前一条早。').first().waitFor()
  assert.match(sent, /^WEBVTT\n\n00:00:00\.000 --> 00:00:01\.\d{3}\n安全生产，\n\n00:00:01/)
  assert.equal(await page.locator('textarea[aria-invalid=true]').count(), 1, 'the caption of that line is marked')
  await lookTwice(page, 'report')
  refuse = false
  await page.getByRole('button', { name: '保存字幕' }).click()
  await page.getByText('字幕已保存。').waitFor()
  await page.getByRole('button', { name: '退回', exact: true }).click()
  await page.getByLabel('退回的原因').waitFor()
  await look(page, 'send_back')
  assert.deepEqual(problems.filter(p => !/404/.test(p)), [])
  await context.close()
})

test('from a file to a learner: upload, report, repair, captions, review by another, publication, play', { timeout: 600_000 }, async t => {
  const { page, context, problems } = await open(env, DESKTOP)
  await enter(page, person('provider_staff:jinyun'))
  const tools = await page.evaluate(async () => {
    const headers = { 'X-Requested-With': 'xueshi', 'Tus-Resumable': '1.0.0', 'Upload-Length': '0', 'Upload-Metadata': `provider ${btoa('jinyun')}` }
    return (await (await fetch('/api/provider/uploads', { method: 'POST', headers })).json()).code !== 'media.tools_missing'
  })
  if (!tools) return t.skip('this server has no inspector')
  const file = clip('第1节_安全生产法.mp4', 260)
  const course = await begin(page, '安全生产法解读')
  await page.getByLabel('课件录屏').check()
  await page.locator('input[type=file][multiple]').setInputFiles(file)
  const card = page.locator('li.lesson')
  await card.getByRole('heading', { name: '1. 第1节 安全生产法' }).waitFor()
  await lookTwice(page, 'uploading')
  await card.getByText(/正在检测|排队等待检测/).waitFor({ timeout: 60_000 })
  await lookTwice(page, 'inspecting')
  await card.getByText(/项未达标/).waitFor({ timeout: 240_000 })
  await lookTwice(page, 'inspected')
  await card.getByRole('link', { name: '检测报告' }).click()
  await page.getByText('课程还是草稿，提交后进入审核。').waitFor()
  await page.locator('video').waitFor({ timeout: 240_000 })
  await lookTwice(page, 'found')
  await page.locator('button.at').first().click()
  await until(() => page.evaluate(() => document.querySelector('video').currentTime > 0 && document.querySelector('video').videoWidth > 0))
  await page.getByRole('button', { name: '一键修复' }).click()
  await page.getByRole('button', { name: '开始修复' }).click()
  await page.getByRole('link', { name: '看新版的报告' }).click({ timeout: 240_000 })
  await page.getByRole('heading', { name: '修复前后对比' }).waitFor({ timeout: 240_000 })
  await page.locator('video').waitFor({ timeout: 240_000 })
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
