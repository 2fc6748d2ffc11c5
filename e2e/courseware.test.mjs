// How a course is made: its pages at both sizes.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { DESKTOP, enter as enterPortal, look as lookAt, lookTwice as lookTwiceAt, open, PHONE, start, until } from './harness.mjs'

let env
before(async () => { env = await start() })
after(async () => { await env?.stop() })
const person = role => env.people.find(p => p.roles.includes(role))
const api = '/api/provider/providers/jinyun/'

const enter = (page, who) => enterPortal(env, page, who, '/provider')

const look = (page, name) => lookAt(page, `courseware_${name}`), lookTwice = (page, name) => lookTwiceAt(page, `courseware_${name}`)

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
    consistency: [{ kind: 'loudness_spread', clause: 'R1.8c', severity: 'warn', from_ms: 0, to_ms: 0, value: 5, limit: 3, unit: 'LU' }],
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
  await page.getByText('和本课其他节的音量差 5 LU，应不超过 3 LU。').first().waitFor()
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
