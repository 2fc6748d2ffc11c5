import { describe, expect, it } from 'vitest'
import type { Schemas } from '../src/api/client'
import { compare } from '../src/courseware/compare'
import { addCue, cueOfLine, joinCue, readCues, readStamp, setCue, splitCue, stamp, writeCues, wrongCue } from '../src/courseware/cues'
import { measure, pair } from '../src/composables/measure'
import { bandOf, curvesOf } from '../src/courseware/measured'
import { chaptersOf, moved, movedChapter, titleOf } from '../src/portals/provider/making/outline'
import { percent, Rate, remaining, size } from '../src/courseware/rate'
import { stagesOf, working } from '../src/courseware/stages'
import { curve, marks, ticks } from '../src/courseware/strip'
import { problemOf, worthRetry } from '../src/portals/provider/making/uploadTask'

const finding = (kind: string, from_ms: number, to_ms = from_ms + 1000): Schemas['MediaFinding'] => ({
  kind, from_ms, to_ms, clause: 'R1.6c', severity: 'fail', value: 1, limit: 0.5, unit: 's',
})

describe('captions', () => {
  const vtt = 'WEBVTT\n\n00:01.000 --> 00:03.500\n第一句\n\nNOTE 说明\n\n00:00:04.000 --> 00:00:06.000 align:start\n第二句\n下一行\n'
  it('reads WebVTT and SubRip, passing over notes and settings', () => {
    expect(readCues(vtt).map(c => [c.from, c.to, c.text])).toEqual([[1000, 3500, '第一句'], [4000, 6000, '第二句\n下一行']])
    expect(readCues('1\r\n00:00:01,500 --> 00:00:02,000\r\n你好\r\n')).toMatchObject([{ from: 1500, to: 2000, text: '你好' }])
  })
  it('writes what it reads, and knows the line of each cue', () => {
    const { vtt: out, lines } = writeCues(readCues(vtt))
    expect(out.split('\n')[lines[1]! - 1]).toBe('00:00:04.000 --> 00:00:06.000')
    expect(readCues(out).map(c => c.text)).toEqual(['第一句', '第二句\n下一行'])
    expect([2, 3, 4, 5, 6, 7, 8].map(l => cueOfLine(lines, l))).toEqual([-1, 0, 0, 0, 1, 1, 1])
  })
  it('keeps what a person types from ending a cue', () => {
    const [c] = readCues('WEBVTT\n\n00:01.000 --> 00:02.000\nx')
    const { vtt: out } = writeCues([{ ...c!, text: 'a\n\nb --> c' }])
    expect(readCues(out)).toMatchObject([{ text: 'a\nb → c' }])
  })
  it('reads times as people write them', () => {
    expect(['12:46.5', '1:02:03', '7.25', '90', ' 00:01,5 '].map(readStamp)).toEqual([766_500, 3_723_000, 7250, 90_000, 1500])
    expect(['', 'abc', '1:75', '1.2.3', '-3'].map(readStamp)).toEqual([undefined, undefined, undefined, undefined, undefined])
    expect(stamp(3_723_004)).toBe('01:02:03.004')
  })
  it('adds up to the next cue, splits at the cursor, joins again', () => {
    const cues = readCues(vtt)
    const [more, made] = addCue(cues, 3500, 60_000)
    expect([made.from, made.to, more.indexOf(made)]).toEqual([3500, 4000, 1])
    const [parts, second] = splitCue(cues, cues[1]!.id, 3)
    expect(parts.map(c => c.text)).toEqual(['第一句', '第二句', '下一行'])
    expect(second!.from).toBe(parts[1]!.to)
    expect(joinCue(parts, parts[1]!.id).map(c => [c.from, c.to, c.text]).at(-1)).toEqual([4000, 6000, '第二句\n下一行'])
  })
  it('moves the other end along rather than turning a cue around, and keeps the order', () => {
    const cues = readCues(vtt)
    expect(setCue(cues, cues[0]!.id, { from: 5000 }).map(c => [c.from, c.to])).toEqual([[4000, 6000], [5000, 7500]])
    expect(setCue(cues, cues[0]!.id, { to: 500 })[0]).toMatchObject({ from: 0, to: 500 })
  })
  it('sees what the server would refuse', () => {
    const [c] = readCues(vtt)
    expect([wrongCue(c!, 9000), wrongCue(c!, 1000), wrongCue({ ...c!, text: ' \n' }, 9000)]).toEqual(['', 'beyond', 'empty'])
  })
})

describe('uploads', () => {
  it('says speed and the time left from the last ten seconds', () => {
    const r = new Rate()
    r.note(0, 0)
    expect([r.speed, remaining(100, 0, r.speed)]).toEqual([0, undefined])
    for (let s = 1; s <= 20; s++) r.note(s <= 10 ? s * 1000 : 10_000 + (s - 10) * 500, s * 1000)
    expect(r.speed).toBe(500)
    expect(remaining(20_000, 15_000, r.speed)).toBe(10)
    r.note(0, 21_000) // begun anew
    expect(r.speed).toBe(0)
  })
  it('is never at 100 % before the end', () => {
    expect([percent(0, 0), percent(999, 1000), percent(1000, 1000)]).toEqual([0, 99, 100])
    expect([size(0), size(999), size(1536), size(6 << 20), size(3.2 * 2 ** 30)]).toEqual(['0 B', '999 B', '1.5 KB', '6.0 MB', '3.2 GB'])
  })
  const answer = (status: number, body: string) => ({ originalResponse: { getStatus: () => status, getBody: () => body } })
  it('knows a refusal from a lost connection, and what waiting helps', () => {
    const code = (c: string) => JSON.stringify({ code: c, params: { max_gb: 6 } })
    expect(problemOf(new Error('x'))).toMatchObject({ status: 0, code: 'network' })
    expect(problemOf(answer(422, code('media.upload_size')))).toMatchObject({ code: 'media.upload_size', params: { max_gb: 6 } })
    expect(problemOf(answer(409, ''))).toMatchObject({ code: 'media.upload_ended' })
    const retried = [answer(503, code('media.tools_missing')), answer(422, code('media.upload_size')), answer(409, code('media.upload_ended')),
      answer(409, code('media.upload_offset')), answer(423, code('media.upload_busy')), answer(502, ''), new Error('reset')]
    expect(retried.map(e => worthRetry(problemOf(e)))).toEqual([false, false, false, true, true, true, true])
  })
})

describe('the time line', () => {
  it('lays stretches in lanes where they cover each other, whole-file findings aside', () => {
    const m = marks([finding('a', 0, 0), finding('b', 1000, 60_000), finding('c', 50_000, 51_000), finding('d', 99_900, 100_000)], 100_000, 1000)
    expect(m).toEqual([
      { index: 1, lane: 0, x: 10, w: 590 },
      { index: 2, lane: 1, x: 500, w: 10 },
      { index: 3, lane: 0, x: 996, w: 4 },
    ])
  })
  it('numbers the axis with room for its text', () => {
    expect(ticks(60_000, 700)).toEqual([0, 10_000, 20_000, 30_000, 40_000, 50_000, 60_000])
    expect(ticks(3_600_000, 300).length).toBeLessThanOrEqual(5)
  })
  it('draws the loudest value of each pixel and leaves gaps where nothing was measured', () => {
    expect(curve([-20, NaN, -10], 3000, 30, 0, 50, -50, 0)).toBe('M5.0 20.0M25.0 10.0')
    expect(curve(Array.from({ length: 7200 }, (_, i) => (i === 5000 ? 0 : -40)), 7_200_000, 400, 0, 50, -50, 0)).toContain(' 0.0')
    expect(curve([], 1000, 100, 0, 50, -50, 0)).toBe('')
  })
  it('takes the curves an inspector gives, and does without', () => {
    expect(curvesOf({ duration_ms: 5 } as never)).toEqual({ duration: 5, shortTerm: [], loudness: undefined })
    expect(curvesOf({ duration_ms: 5, sound: { short_term: [-20, null], loudness: -19.5 } } as never)).toMatchObject({ shortTerm: [-20, NaN], loudness: -19.5 })
    expect(curvesOf({ duration_ms: 5, sound: null } as never).shortTerm).toEqual([])
    expect(bandOf({ profile: 'video', policy: {} } as never)).toBeUndefined()
    expect(bandOf({ profile: 'video', policy: { video: { loudness_min_lufs: -24, loudness_max_lufs: -16 } } } as never)).toEqual([-24, -16])
  })
})

describe('reports', () => {
  it('says what a repair removed, left and brought', () => {
    const before = [finding('black_head', 0, 3000), finding('silence', 20_000), finding('silence', 60_000), finding('loudness_low', 0, 0)]
    const after = [finding('silence', 57_100), finding('clipping', 5000)]
    const c = compare(before, after, 3000)
    expect([c.gone, c.left, c.fresh].map(l => l.map(f => `${f.kind}@${f.from_ms}`))).toEqual([
      ['black_head@0', 'silence@20000', 'loudness_low@0'], ['silence@57100'], ['clipping@5000'],
    ])
  })
  it('tells a value from the limit it missed', () => {
    expect([pair(1040, 1000, 'ms'), pair(1340, 1000, 'ms'), pair(500, 500, 'ms'), pair(61.1, 60, 'fps')])
      .toEqual([['1.04 s', '1 s'], ['1.3 s', '1 s'], ['500 ms', '500 ms'], ['61.1 fps', '60 fps']])
  })
  it('writes numbers with their units', () => {
    const words = (u: string) => ({ s: '秒', ms: '毫秒' })[u]
    expect([measure(1340, 'ms', words), measure(40, 'ms', words), measure(-30.24, 'LUFS', words), measure(0.253, '%'), measure(1024, 'kbit/s'), measure(29.97, '')])
      .toEqual(['1.3 秒', '40 毫秒', '−30.2 LUFS', '0.25%', '1024 kbit/s', '30'])
  })
})

describe('the outline', () => {
  const lesson = (id: string, chapter: string) => ({ id, chapter }) as Schemas['CatalogLessonDraft']
  const all = [lesson('a', '一'), lesson('b', '一'), lesson('c', '二')]
  it('groups neighbours of a chapter and moves lessons and chapters', () => {
    const chapters = chaptersOf(all)
    expect(chapters.map(c => [c.name, c.lessons.length])).toEqual([['一', 2], ['二', 1]])
    expect(moved(['a', 'b', 'c'], 'b', 1)).toEqual(['a', 'c', 'b'])
    expect(moved(['a', 'b', 'c'], 'a', -1)).toBeUndefined()
    expect(movedChapter(chapters, 0, 1)).toEqual(['c', 'a', 'b'])
    expect(movedChapter(chapters, 1, 1)).toBeUndefined()
  })
  it('names a lesson after its file', () => expect([titleOf('第1节_安全生产.mp4'), titleOf('.mp4')]).toEqual(['第1节 安全生产', '.mp4']))
})

describe('stages', () => {
  const job = (State = '', Done = 0, Total = 0) => ({ State, Done, Total, Try: 1 })
  const rev = (o: object) => ({ newest: { rev: 1, origin: 'upload', state: 'inspecting', packaged: false, unwaived: 0, reviewed_by: '王芳', report: null,
    inspection: job(), packing: job(), repairing: job(), ...o } as never, playing: 0 })
  const line = (d: Parameters<typeof stagesOf>[0], course = 'inspecting', a?: Parameters<typeof stagesOf>[2]) =>
    stagesOf(d, course, a).map(s => `${s.state}:${s.say}`)
  const head = { verdict: 'fail', failing: 2 }
  it('goes through the life of a revision', () => {
    expect(line({ newest: null as never, playing: 0 }, 'draft')).toEqual(['todo:noFile', 'todo:later', 'todo:later', 'todo:later'])
    expect(line({ newest: null as never, playing: 0 }, 'draft', { state: 'sending', percent: 40 })[0]).toBe('now:sending')
    expect(line(rev({ inspection: job('running', 1, 4) }), 'draft').slice(0, 2)).toEqual(['done:upload', 'now:inspecting'])
    expect(line(rev({ state: 'inspected', unwaived: 2, report: head }), 'draft')).toEqual(['done:upload', 'bad:findings', 'todo:submitFirst', 'todo:later'])
    expect(line(rev({ state: 'inspected', report: head }))).toEqual(['done:upload', 'now:packing', 'now:reviewWaits', 'todo:later'])
    expect(line(rev({ state: 'reviewed', packaged: true, report: head }))).toEqual(['done:upload', 'done:waived', 'done:signed', 'todo:later'])
    expect(line(rev({ state: 'refused', report: head })).at(2)).toBe('bad:sentBack')
    expect(line(rev({ state: 'refused' })).at(1)).toBe('bad:unfit')
    expect(line({ ...rev({ state: 'published', packaged: true, report: head }), playing: 1 }, 'published').at(3)).toBe('done:shown')
    expect(line({ ...rev({ rev: 2 }), playing: 1 }, 'published').at(3)).toBe('todo:older')
  })
  it('is asked again only while something runs', () => {
    expect([rev({}), rev({ state: 'inspected', packing: job('waiting') }), rev({ state: 'inspected', repairing: job('running') }), rev({ state: 'inspected', packing: job('done') }), rev({ origin: 'import', state: 'published' })].map(working))
      .toEqual([true, true, true, false, false])
  })
})
