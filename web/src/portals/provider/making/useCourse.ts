import { computed } from 'vue'
import { api, ask, type Schemas } from '../../../api/client'
import { useAction, useQuery } from '../../../composables/useQuery'
import { useProvider } from '../useProvider'
import { chaptersOf, moved, movedChapter, type Chapter } from './outline'
import { working } from '../../../courseware/stages'
import { usePoll } from './usePoll'
import { useUploads } from './useUploads'

/** A course as it is worked on: its facts, its lessons, the uploads for them; asked again while something runs. */
export function useCourse(course: string) {
  const { provider } = useProvider(),
    { tasks } = useUploads(),
    path = { provider: provider.value!.id }
  const { data, error, slow, run } = useQuery(async () => {
    const [facts, drafts, uploads] = await Promise.all([
      ask(api.GET('/api/provider/providers/{provider}/courses/{id}', { params: { path: { ...path, id: course } } })),
      ask(api.GET('/api/provider/providers/{provider}/courses/{course}/lessons', { params: { path: { ...path, course } } })),
      ask(api.GET('/api/provider/providers/{provider}/uploads', { params: { path, query: { limit: 100 } } })),
    ])
    return { course: facts.course, outline: facts.lessons ?? [], lessons: drafts.items ?? [], apart: drafts.consistency ?? [], need: drafts.need_minutes, uploads: uploads.items ?? [] }
  })
  const ids = computed(() => new Set(data.value?.lessons.map(l => l.id)))
  /** The newest upload for each lesson, unless a later revision came from elsewhere. */
  const uploadOf = computed(() => {
    const out = new Map<string, Schemas['MediaUpload']>()
    for (const u of data.value?.uploads ?? []) if (u.lesson_id && !out.has(u.lesson_id)) out.set(u.lesson_id, u)
    for (const l of data.value?.lessons ?? []) {
      const u = out.get(l.id)
      if (u && l.newest && l.newest.uploaded_at > u.created_at && u.state === 'refused') out.delete(l.id)
    }
    return out
  })
  const busy = () =>
    !!data.value?.lessons.some(working) ||
    !!data.value?.uploads.some(u => u.state === 'received' && ids.value.has(u.lesson_id)) ||
    tasks.value.some(t => t.state === 'sending' && ids.value.has(t.lesson))
  usePoll(run, busy)
  const chapters = computed(() => chaptersOf(data.value?.lessons ?? []))
  const change = useAction()
  const order = (lessons: string[] | undefined) =>
    change.act(async () => {
      if (!lessons) return
      const one = { params: { path: { ...path, course } }, body: { lessons } }
      await ask(api.PUT('/api/provider/providers/{provider}/courses/{course}/order', one))
      await run()
    })
  const move = (id: string, by: -1 | 1) => order(moved(data.value?.lessons.map(l => l.id) ?? [], id, by))
  const moveChapter = (index: number, by: -1 | 1) => order(movedChapter(chapters.value, index, by))
  const rename = (c: Chapter, chapter: string) =>
    change.act(async () => {
      for (const l of c.lessons) {
        const one = { params: { path: { ...path, lesson: l.id } }, body: { chapter, title: l.title, handout: l.handout } }
        await ask(api.PUT('/api/provider/providers/{provider}/lessons/{lesson}', one))
      }
      await run()
    })
  const publish = (lesson: string, rev: number) =>
    change.act(async () => {
      const one = { params: { path: { ...path, lesson, rev } } }
      await ask(api.POST('/api/provider/providers/{provider}/lessons/{lesson}/courseware/{rev}/publish', one))
      await run()
    })
  return { data, error, slow, run, uploadOf, chapters, change, move, moveChapter, rename, publish }
}
