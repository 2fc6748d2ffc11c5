import type { Schemas } from '../../../api/client'

export type Bound = Schemas['MediaLimitBound']
export type Values = Omit<Schemas['MediaInspectionPolicy'], '$schema'>
/** A number by the name the server gives its errors and its audit: video.gap_ms, slides.gap_ms, hour_floor_pct. */
export type Sheet = Record<string, number>
export type Profile = 'video' | 'slides' | ''

/** Each group of the page begins with this number, in the server's order. */
const begins: Record<string, string> = {
  duration_min_s: 'file',
  sync_early_ms: 'sync',
  black_head_ms: 'line',
  stretch_s: 'look',
  loudness_min_lufs: 'sound',
}

export interface Group {
  name: string
  profiles: Profile[]
  bounds: Bound[]
}

/** The numbers as the page groups them; those of a course come last and have one column. */
export function groupsOf(bounds: Bound[], course: Bound[]): Group[] {
  const out: Group[] = []
  for (const b of bounds) {
    const name = begins[b.name]
    if (name || !out.length) out.push({ name: name ?? 'file', profiles: ['video', 'slides'], bounds: [] })
    out.at(-1)!.bounds.push(b)
  }
  return [...out, { name: 'course', profiles: [''], bounds: course }]
}

export const keyOf = (profile: Profile, name: string) => (profile ? `${profile}.${name}` : name)

/** What the program goes by where nobody set a number. */
export const defaultOf = (profile: Profile, b: Bound) => (profile === 'slides' ? b.slides : b.video)

export function sheetOf(v: Values): Sheet {
  const out: Sheet = {}
  for (const [k, x] of Object.entries(v))
    if (typeof x === 'number') out[k] = x
    else for (const [name, n] of Object.entries(x)) out[keyOf(k as Profile, name)] = n
  return out
}

export function valuesOf(s: Sheet): Values {
  const out: Record<string, unknown> = { video: {}, slides: {} }
  for (const [k, n] of Object.entries(s)) {
    const [profile, name] = k.split('.') as [string, string | undefined]
    if (name) (out[profile] as Sheet)[name] = n
    else out[k] = n
  }
  return out as unknown as Values
}

/** The defaults as a sheet. */
export function defaultsOf(groups: Group[]): Sheet {
  const out: Sheet = {}
  for (const g of groups) for (const b of g.bounds) for (const p of g.profiles) out[keyOf(p, b.name)] = defaultOf(p, b)
  return out
}

/** The numbers that differ. */
export const changedOf = (old: Sheet, now: Sheet) => Object.keys(now).filter(k => now[k] !== old[k])
