// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { resendLeft } from '../src/player/beatOutbox'
import { StudySession, type Answer } from '../src/player/studySession'

const kept = vi.hoisted(() => new Map<number, { body: string; proof: string }>())
vi.mock('../src/player/device', () => {
  let last = 0
  const run = {
    add: (v: { body: string; proof: string }) => (kept.set(++last, v), last),
    delete: (k: number) => void kept.delete(k),
    getAllKeys: () => [...kept.keys()],
    getAll: () => [...kept.values()],
  }
  return {
    store: (_n: string, _m: string, work: (s: typeof run) => unknown) => Promise.resolve(work(run)),
    sign: () => Promise.resolve('signature'),
    base64url: (b: ArrayBuffer) => btoa(String.fromCharCode(...new Uint8Array(b))),
    fromBase64url: () => new Uint8Array(32).fill(7),
  }
})

const lease = vi.hoisted(() => ({
  session_id: 's',
  epoch: 3,
  lease_key: 'key',
  playlist_url: '/media/t/index.m3u8',
  beat_ms: 10_000,
}))
vi.mock('../src/api/client', async original => ({
  ...(await original<object>()),
  api: { POST: async () => ({ data: lease, response: new Response() }) },
}))
let beats: { seq: number; from_ms: number; to_ms: number; run: number; state: string }[] = [],
  online = true,
  status = 200,
  pace = 0
const json = (body: unknown, code = 200) =>
  new Response(JSON.stringify(body), { status: code, headers: { 'Content-Type': 'application/json' } })

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  kept.clear()
  beats = []
  online = true
  status = 200
  pace = 0
  vi.stubGlobal('fetch', async (_url: string, init?: RequestInit) => {
    if (!online) throw new TypeError('network')
    const beat = JSON.parse(String(init?.body))
    beats.push(beat)
    return status === 200
      ? json({ seq: beat.seq, state: 'ok', retry_after_ms: pace } as Partial<Answer>)
      : json({ code: 'playback.no_lease' }, status)
  })
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

let at = 0
async function held() {
  const on = { answer: vi.fn(), cut: vi.fn(), lost: vi.fn() }
  const s = await StudySession.acquire('l', 'n', false, on, () => ({ at, buffered: 0, stalled: 0 }))
  s.idle = () => false
  return { s, on }
}
const settle = (sent: number) => vi.waitFor(() => expect([beats.length, kept.size]).toEqual([sent, 0]))

it('keeps a beat until the server has answered it, and sends in order after an outage', async () => {
  const { s, on } = await held()
  online = false
  at = 10_000
  s.beat('playing')
  at = 20_000
  s.beat('playing')
  await vi.waitFor(() => expect(kept.size).toBe(2))
  await vi.waitFor(() => expect(on.cut).toHaveBeenCalledWith('network'))
  online = true
  await vi.advanceTimersByTimeAsync(3100)
  await settle(2)
  expect(beats.map(b => [b.seq, b.from_ms, b.to_ms])).toEqual([
    [1, 0, 10_000],
    [2, 10_000, 20_000],
  ])
  expect(on.lost).not.toHaveBeenCalled()
  s.stop()
  at = 0
})

it('tells a server that cannot store from a network that is away, and forgets neither beat', async () => {
  const { s, on } = await held()
  status = 503
  s.beat('playing')
  await vi.waitFor(() => expect(on.cut).toHaveBeenCalledWith('server'))
  expect(kept.size).toBe(1)
  status = 200
  await vi.advanceTimersByTimeAsync(3100)
  await vi.waitFor(() => expect(kept.size).toBe(0))
  expect(on.cut).toHaveBeenLastCalledWith('')
  expect(on.lost).not.toHaveBeenCalled()
  s.stop()
})

it('reports what was played before a jump as far as it is known, and begins a new run behind it', async () => {
  const { s } = await held()
  at = 700_000 // the player is there already
  s.start(700_000, 4_200)
  s.beat('paused')
  await settle(2)
  expect(beats.map(b => [b.run, b.from_ms, b.to_ms])).toEqual([
    [1, 0, 4_200],
    [3, 700_000, 700_000],
  ])
  s.stop()
  at = 0
})

it('keeps the pace the server asks for, and never a faster one', async () => {
  const { s } = await held()
  pace = 25_000
  s.beat('playing')
  await settle(1)
  s.beat('playing')
  await settle(2)
  await vi.advanceTimersByTimeAsync(20_000)
  expect(beats).toHaveLength(2)
  await vi.advanceTimersByTimeAsync(6000)
  await vi.waitFor(() => expect(beats).toHaveLength(3))
  s.stop()
})

it('sends what a closed page left behind, and forgets what the server refuses for good', async () => {
  const { s } = await held()
  online = false
  at = 5000
  s.beat('closed')
  await vi.waitFor(() => expect(kept.size).toBe(1))
  await resendLeft()
  expect(kept.size, 'still offline: kept').toBe(1)
  online = true
  status = 409
  await resendLeft()
  expect(kept.size).toBe(0)
  expect(beats.at(-1)).toMatchObject({ seq: 1, to_ms: 5000, state: 'closed' })
  s.stop()
  at = 0
})
