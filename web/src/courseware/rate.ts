/** How fast bytes went lately: samples of the last ten seconds. */
export class Rate {
  private readonly samples: [at: number, bytes: number][] = []
  constructor(private readonly span = 10_000) {}
  /** Notes that bytes have been sent in all, at a time of the caller's clock (ms). */
  note(bytes: number, at: number) {
    if (bytes < (this.samples.at(-1)?.[1] ?? 0)) this.samples.length = 0
    this.samples.push([at, bytes])
    while (this.samples.length > 2 && at - this.samples[0]![0] > this.span) this.samples.shift()
  }
  /** Bytes a second; 0 while nothing can be said. */
  get speed() {
    const first = this.samples[0],
      last = this.samples.at(-1)
    return first && last && last[0] - first[0] >= 500 ? ((last[1] - first[1]) * 1000) / (last[0] - first[0]) : 0
  }
}

/** Seconds until the rest is sent; undefined while nothing can be said. */
export const remaining = (bytes: number, sent: number, speed: number) =>
  speed > 0 ? Math.ceil((bytes - sent) / speed) : undefined

/** Bytes as people read them: "3.2 GB". */
export function size(bytes: number) {
  const units = ['B', 'KB', 'MB', 'GB', 'TB']
  let n = bytes,
    u = 0
  while (n >= 1000 && u < units.length - 1) {
    n /= 1024
    u++
  }
  return `${u && n < 10 ? n.toFixed(1) : Math.round(n)} ${units[u]}`
}

/** Percent done, never 100 before the end. */
export const percent = (done: number, all: number) => (all > 0 ? Math.min(done >= all ? 100 : 99, Math.floor((done * 100) / all)) : 0)
