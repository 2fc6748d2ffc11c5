/** What can be wrong with a lesson, in the order people choose from. */
export const kinds = ['no_sound', 'noise', 'black', 'frozen', 'out_of_sync', 'blurred', 'captions', 'wrong_content', 'other'] as const
export type Kind = (typeof kinds)[number]

/** Milliseconds of "12:31"; undefined when it is no time or lies beyond the end. */
export function readClock(text: string, duration: number): number | undefined {
  const m = /^(\d{1,3})[:：](\d{1,2})$/.exec(text.trim())
  if (!m || Number(m[2]) > 59) return undefined
  const ms = (Number(m[1]) * 60 + Number(m[2])) * 1000
  return ms <= duration ? ms : undefined
}
