/**
 * How far the page has heard the picture play, in milliseconds of the media. A busy page hears late: what may have been played since
 * is no jump, and neither is a small gap that the player steps over by itself.
 */
export class Heard {
  private since = 0
  private rate = 0

  constructor(public at: number) {}

  /** The picture was put to this place. */
  stands(at: number) {
    this.at = at
    this.rate = 0
  }
  /** The picture is where it is, and plays on from there or not. */
  hear(v: HTMLVideoElement | null) {
    if (!v) return
    this.at = v.currentTime * 1000
    this.rate = v.paused || v.readyState < v.HAVE_FUTURE_DATA ? 0 : v.playbackRate
    this.since = performance.now()
  }
  /** Whether nobody can have played on to this place: more than a second before or behind what may have been reached. */
  jumps(to: number): boolean {
    const played = this.rate && this.rate * (performance.now() - this.since)
    return to < this.at - 1000 || to > this.at + played + 1000
  }
}
