// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { Heard } from '../src/player/heard'

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }))
afterEach(() => void vi.useRealTimers())
const video = (seconds: number, paused: boolean, readyState = 4, playbackRate = 1) =>
  ({ currentTime: seconds, paused, readyState, playbackRate, HAVE_FUTURE_DATA: 3 }) as HTMLVideoElement

it('takes what may have been played since for no jump', () => {
  const h = new Heard(0)
  h.hear(video(10, false))
  vi.advanceTimersByTime(5_000)
  expect([8_900, 9_100, 10_000, 15_900, 16_100].map(to => h.jumps(to))).toEqual([true, false, false, false, true])
  h.hear(video(10, false, 4, 2))
  vi.advanceTimersByTime(5_000)
  expect(h.jumps(20_900)).toBe(false)
})

it('waits with a picture that stands', () => {
  for (const v of [video(10, true), video(10, false, 2)]) {
    const h = new Heard(0)
    h.hear(v)
    vi.advanceTimersByTime(5_000)
    expect([10_900, 11_100].map(to => h.jumps(to))).toEqual([false, true])
  }
  const put = new Heard(0)
  put.hear(video(10, false))
  put.stands(30_000)
  vi.advanceTimersByTime(5_000)
  expect([30_900, 31_100].map(to => put.jumps(to))).toEqual([false, true])
})
