/** The geometry of a lesson's drawn time line; everything in pixels of the drawing, times in milliseconds. */
export interface Span {
  from_ms: number
  to_ms: number
}
export interface Mark {
  index: number
  lane: number
  x: number
  w: number
}

const widest = 4

/** Stretches as marks: at least a few pixels wide, those that would cover each other in lanes below. */
export function marks(spans: Span[], duration: number, width: number, lanes = 4): Mark[] {
  const ends: number[] = []
  return spans
    .map((s, index) => ({ s, index }))
    .filter(({ s }) => s.to_ms > 0 || s.from_ms > 0)
    .sort((a, b) => a.s.from_ms - b.s.from_ms)
    .map(({ s, index }) => {
      const w = Math.max(widest, ((Math.min(s.to_ms, duration) - s.from_ms) / duration) * width)
      const x = Math.max(0, Math.min(width - w, (s.from_ms / duration) * width))
      let lane = ends.findIndex(e => e + 1 <= x)
      if (lane < 0) lane = Math.min(ends.length, lanes - 1)
      ends[lane] = x + w
      return { index, lane, x, w }
    })
}

/** Where the axis has its numbers: a round step with at least 64 px between them. */
export function ticks(duration: number, width: number): number[] {
  const steps = [5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600]
  const step = (steps.find(s => ((s * 1000) / duration) * width >= 64) ?? 7200) * 1000
  const out = []
  for (let t = 0; t <= duration; t += step) out.push(t)
  return out
}

/** A curve of one value a second as an SVG path: for each pixel its highest value, gaps where nothing was measured. */
export function curve(values: number[], duration: number, width: number, top: number, height: number, lo: number, hi: number) {
  const cells = Math.max(1, Math.min(Math.floor(width), values.length))
  let d = '',
    pen = false
  for (let i = 0; i < cells; i++) {
    const from = Math.floor((i * values.length) / cells),
      to = Math.max(from + 1, Math.floor(((i + 1) * values.length) / cells))
    const found = values.slice(from, to).filter(Number.isFinite)
    if (!found.length) {
      pen = false
      continue
    }
    const x = (Math.min(duration, ((from + to) / 2) * 1000) / duration) * width
    d += `${pen ? 'L' : 'M'}${x.toFixed(1)} ${level(Math.max(...found), top, height, lo, hi).toFixed(1)}`
    pen = true
  }
  return d
}

/** Where a level stands. */
export const level = (v: number, top: number, height: number, lo: number, hi: number) =>
  top + height * (1 - (Math.min(hi, Math.max(lo, v)) - lo) / (hi - lo))
