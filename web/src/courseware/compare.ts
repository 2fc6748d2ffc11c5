import type { Schemas } from '../api/client'
type Finding = Schemas['MediaFinding']

export interface Comparison {
  gone: Finding[]
  left: Finding[]
  fresh: Finding[]
}

/**
 * Holds a report against the one before a repair: the same kind is the same finding, and among several of a kind the
 * nearest in time is. Times of the file before are later by what was cut off its head.
 */
export function compare(before: Finding[], after: Finding[], cutMS = 0): Comparison {
  const rest = new Set(before),
    left: Finding[] = [],
    fresh: Finding[] = []
  for (const f of after) {
    let best: Finding | undefined
    for (const b of rest)
      if (b.kind === f.kind && (!best || away(b, f, cutMS) < away(best, f, cutMS))) best = b
    if (best) {
      rest.delete(best)
      left.push(f)
    } else fresh.push(f)
  }
  return { gone: before.filter(b => rest.has(b)), left, fresh }
}

const away = (before: Finding, after: Finding, cutMS: number) => Math.abs(before.from_ms - cutMS - after.from_ms)
