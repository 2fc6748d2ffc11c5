import type { Schemas } from '../api/client'
import { percent } from './rate'
type Draft = Pick<Schemas['CatalogLessonDraft'], 'newest' | 'playing'>
type Job = Schemas['JobsStatus']

export interface Stage {
  name: 'upload' | 'inspect' | 'review' | 'publish'
  state: 'todo' | 'now' | 'done' | 'bad'
  /** Key of its words under making.stage. */
  say: string
  params?: Record<string, string | number>
}

/** What is known about a file on its way to a lesson: an upload in this window, or one the server tells of. */
export interface Arriving {
  state: 'waiting' | 'sending' | 'paused' | 'receiving' | 'received' | 'refused'
  percent?: number
}

export const runs = (j: Job | null | undefined) => j?.State === 'running' || j?.State === 'waiting'
const far = (j: Job) => percent(j.Done, j.Total)

/** Whether something works on a lesson, so that it is worth asking again. */
export function working(d: Draft) {
  const n = d.newest as Schemas['CatalogCourseware'] | null
  return !!n && n.origin !== 'import' && (n.state === 'inspecting' || runs(n.inspection) || runs(n.packing) || runs(n.repairing))
}

/** The four stages of a lesson's newest revision, in the order they are gone through. */
export function stagesOf(d: Draft, courseState: string, arriving?: Arriving): Stage[] {
  const n = d.newest as Schemas['CatalogCourseware'] | null
  return [upload(n, arriving), inspect(n), review(n, courseState), publish(n, d.playing)]
}

function upload(n: Schemas['CatalogCourseware'] | null, a?: Arriving): Stage {
  if (a?.state === 'refused') return { name: 'upload', state: 'bad', say: 'refused' }
  if (a) return { name: 'upload', state: 'now', say: a.state, params: { n: a.percent ?? 0 } }
  if (!n) return { name: 'upload', state: 'todo', say: 'noFile' }
  return { name: 'upload', state: 'done', say: n.origin, params: { rev: n.rev } }
}

function inspect(n: Schemas['CatalogCourseware'] | null): Stage {
  const name = 'inspect'
  if (!n) return { name, state: 'todo', say: 'later' }
  if (n.origin === 'import') return { name, state: 'done', say: 'notInspected' }
  if (n.state === 'inspecting')
    return n.inspection.State === 'running'
      ? { name, state: 'now', say: 'inspecting', params: { n: far(n.inspection) } }
      : { name, state: 'now', say: 'inspectWaits' }
  if (n.state === 'refused' && !n.report) return { name, state: 'bad', say: 'unfit' }
  if (n.unwaived > 0) return { name, state: 'bad', say: 'findings', params: { n: n.unwaived } }
  if (!n.packaged) return { name, state: 'now', say: 'packing', params: { n: far(n.packing) } }
  return { name, state: 'done', say: n.report?.failing ? 'waived' : 'passed', params: { n: n.report?.failing ?? 0 } }
}

function review(n: Schemas['CatalogCourseware'] | null, courseState: string): Stage {
  const name = 'review'
  if (n?.origin === 'import') return { name, state: 'done', say: 'notReviewed' }
  if (n?.state === 'refused' && n.report) return { name, state: 'bad', say: 'sentBack' }
  if (n && ['reviewed', 'published', 'withdrawn'].includes(n.state)) return { name, state: 'done', say: 'signed', params: { by: n.reviewed_by } }
  if (n?.state === 'inspected' && courseState !== 'draft') return { name, state: 'now', say: 'reviewWaits' }
  return { name, state: 'todo', say: n?.state === 'inspected' ? 'submitFirst' : 'later' }
}

function publish(n: Schemas['CatalogCourseware'] | null, playing: number): Stage {
  const name = 'publish'
  if (n && n.rev === playing) return { name, state: 'done', say: 'shown' }
  return { name, state: 'todo', say: playing ? 'older' : 'later', params: { rev: playing } }
}
