import type { Schemas } from '../../../api/client'
type Draft = Schemas['CatalogLessonDraft']

export interface Chapter {
  name: string
  lessons: Draft[]
}

/** Lessons in their order as chapters: neighbours with the same chapter stand together. */
export function chaptersOf(lessons: Draft[]): Chapter[] {
  const out: Chapter[] = []
  for (const l of lessons) {
    const last = out.at(-1)
    if (last && last.name === l.chapter) last.lessons.push(l)
    else out.push({ name: l.chapter, lessons: [l] })
  }
  return out
}

/** The order after a lesson has moved by one place; undefined at the ends. */
export function moved(ids: string[], id: string, by: -1 | 1): string[] | undefined {
  const i = ids.indexOf(id),
    to = i + by
  if (i < 0 || to < 0 || to >= ids.length) return undefined
  const out = [...ids]
  out.splice(i, 1)
  out.splice(to, 0, id)
  return out
}

/** The order after a chapter has changed places with its neighbour; undefined at the ends. */
export function movedChapter(chapters: Chapter[], index: number, by: -1 | 1): string[] | undefined {
  const to = index + by
  if (!chapters[index] || !chapters[to]) return undefined
  const out = [...chapters]
  ;[out[index], out[to]] = [out[to]!, out[index]!]
  return out.flatMap(c => c.lessons.map(l => l.id))
}

/** A lesson's name from a file's: without its ending, without what systems put between words. */
export const titleOf = (file: string) => file.replace(/\.[a-z0-9]{2,4}$/i, '').replaceAll('_', ' ').trim().slice(0, 80) || file.slice(0, 80)

export type Move = 'submit' | 'recall' | 'publish' | 'withdraw' | 'restore'
const moves: Record<string, Move[]> = {
  draft: ['submit'],
  inspecting: ['recall'],
  reviewed: ['publish', 'recall'],
  published: ['withdraw'],
  withdrawn: ['restore'],
}
/** The moves a course in this state may take, the likeliest first. */
export const movesOf = (state: string): Move[] => moves[state] ?? []
