/** Keeps a media element inside what the server allows. The server repeats every check; this is only the polite half. */
export interface GuardOptions {
  frontier: () => number
  credited: (t: number) => boolean
  tolerance?: number
  onBlocked?: (why: 'seek' | 'rate') => void
}
export interface Guard {
  seek(t: number): number
  stop(): void
}

export function guardPlayback(v: HTMLMediaElement, o: GuardOptions): Guard {
  const tol = o.tolerance ?? 0.75
  let reached = v.currentTime,
    correcting = false
  const limit = () => Math.max(reached, o.frontier())
  const back = () => {
    correcting = true
    v.currentTime = limit()
    o.onBlocked?.('seek')
  }
  const onSeeking = () => {
    if (!correcting && v.currentTime > limit() + tol) back()
    correcting = false
  }
  const onTime = () => {
    if (v.seeking) return
    if (v.currentTime > limit() + 2) return back() // a jump that raised no seeking event
    if (v.currentTime > reached) reached = v.currentTime
    if (v.playbackRate > 1 && !o.credited(v.currentTime)) v.playbackRate = 1
  }
  const onRate = () => {
    if (v.playbackRate > 1 && !o.credited(v.currentTime)) {
      v.playbackRate = 1
      o.onBlocked?.('rate')
    }
  }
  v.addEventListener('seeking', onSeeking)
  v.addEventListener('timeupdate', onTime)
  v.addEventListener('ratechange', onRate)
  return {
    seek(t) {
      const to = Math.max(0, Math.min(t, limit()))
      if (t > limit() + tol) o.onBlocked?.('seek')
      v.currentTime = to
      return to
    },
    stop() {
      v.removeEventListener('seeking', onSeeking)
      v.removeEventListener('timeupdate', onTime)
      v.removeEventListener('ratechange', onRate)
    },
  }
}
