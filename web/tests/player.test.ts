import { describe, expect, it, vi } from 'vitest'
import { guardPlayback } from '../src/player/playbackGuard'
import { parseVtt } from '../src/player/vtt'
import { clock, hours } from '../src/composables/useText'

class FakeMedia extends EventTarget {
  #t = 0
  #r = 1
  seeking = false
  get currentTime() {
    return this.#t
  }
  set currentTime(v) {
    this.#t = v
    this.dispatchEvent(new Event('seeking'))
  }
  get playbackRate() {
    return this.#r
  }
  set playbackRate(v) {
    this.#r = v
    this.dispatchEvent(new Event('ratechange'))
  }
  tick(to: number) {
    this.#t = to
    this.dispatchEvent(new Event('timeupdate'))
  }
}

function make(frontier = 100, credited = (t: number) => t < 100) {
  const m = new FakeMedia(),
    onBlocked = vi.fn()
  const g = guardPlayback(m as unknown as HTMLMediaElement, { frontier: () => frontier, credited, onBlocked })
  return { m, g, onBlocked }
}

describe('guardPlayback', () => {
  it('throws a forward jump back to the server frontier', () => {
    const { m, onBlocked } = make()
    m.currentTime = 500
    expect(m.currentTime).toBe(100)
    expect(onBlocked).toHaveBeenCalledWith('seek')
  })
  it('lets the learner look back', () => {
    const { m, onBlocked } = make()
    m.currentTime = 20
    expect(m.currentTime).toBe(20)
    expect(onBlocked).not.toHaveBeenCalled()
  })
  it('grows with real playback', () => {
    const { m } = make()
    m.tick(100.3)
    m.tick(101.1)
    m.currentTime = 101
    expect(m.currentTime).toBe(101)
  })
  it('catches a jump that raised no seeking event', () => {
    const { m } = make()
    m.tick(400)
    expect(m.currentTime).toBe(100)
  })
  it('holds the rate over uncredited media only', () => {
    const { m, onBlocked } = make()
    m.tick(50)
    m.playbackRate = 2
    expect(m.playbackRate).toBe(2)
    m.tick(100.5)
    expect(m.playbackRate).toBe(1)
    m.playbackRate = 4
    expect(m.playbackRate).toBe(1)
    expect(onBlocked).toHaveBeenCalledWith('rate')
  })
  it('bounds seek on both sides', () => {
    const { g } = make()
    expect(g.seek(-5)).toBe(0)
    expect(g.seek(999)).toBe(100)
  })
  it('stops listening', () => {
    const { m, g } = make()
    g.stop()
    m.currentTime = 500
    expect(m.currentTime).toBe(500)
  })
})

describe('captions', () => {
  it('reads cues and leaves nonsense out', () => {
    expect(
      parseVtt(
        'WEBVTT\r\n\r\n00:00:01.500 --> 00:00:03.000 line:0\r\n你好\r\n世界\r\n\r\nNOTE x\r\n\r\nbad --> worse\r\nno\r\n\r\n00:05.000 --> 00:04.000\nback',
      ),
    ).toEqual([{ from: 1.5, to: 3, text: '你好\n世界' }])
  })
})

describe('figures', () => {
  it('writes times and hours', () => {
    expect(clock(766_900)).toBe('12:46')
    expect(clock(-1)).toBe('00:00')
    expect(hours(325)).toBe('32.5')
    expect(hours(260)).toBe('26')
  })
})
