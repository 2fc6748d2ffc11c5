import type { Schemas } from '../../../api/client'

export type Values = Omit<Schemas['PlaybackPolicy'], '$schema'>
export type NumberName = keyof Values

/** The numbers in the groups of the form. */
export const groups: { name: 'check' | 'done' | 'play'; numbers: NumberName[] }[] = [
  { name: 'check', numbers: ['check_min_ms', 'check_max_ms', 'answer_ms'] },
  { name: 'done', numbers: ['gap_ms', 'total_ms'] },
  {
    name: 'play',
    numbers: [
      'beat_ms',
      'lease_ttl_ms',
      'backlog_ms',
      'window_ms',
      'late_ms',
      'ahead_ms',
      'continue_ms',
      'overspeed_min_ms',
      'overspeed_pct',
    ],
  },
]

/** Milliseconds are shown in seconds; percent as it is. */
export const scale = (name: NumberName) => (name.endsWith('_ms') ? 1000 : 1)

/** The values that stand where no version was set. */
export const defaults = (bounds: Schemas['PlaybackBound'][]) =>
  Object.fromEntries(bounds.map(b => [b.name, b.default])) as unknown as Values
