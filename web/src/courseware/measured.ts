import type { Schemas } from '../api/client'

/** What the curves of a report are drawn from; an inspector that does not measure something leaves it out. */
export interface Curves {
  shortTerm: number[]
  loudness?: number
  duration: number
}

const numbers = (v: unknown): number[] => (Array.isArray(v) ? v.map(x => (typeof x === 'number' ? x : NaN)) : [])

export function curvesOf(m: Schemas['MediaMeasured'] | undefined): Curves {
  const sound = (m as { sound?: Record<string, unknown> | null } | undefined)?.sound
  return {
    shortTerm: numbers(sound?.short_term),
    loudness: typeof sound?.loudness === 'number' ? sound.loudness : undefined,
    duration: m?.duration_ms ?? 0,
  }
}

/** The loudness a report's policy allows for its profile, if it says so. */
export function bandOf(r: Schemas['MediaReport']): [number, number] | undefined {
  const l = (r.policy as Record<string, unknown>)[r.profile] as Record<string, unknown> | undefined,
    lo = l?.loudness_min_lufs,
    hi = l?.loudness_max_lufs
  return typeof lo === 'number' && typeof hi === 'number' && lo < hi ? [lo, hi] : undefined
}
