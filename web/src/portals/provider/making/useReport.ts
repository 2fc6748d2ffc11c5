import { computed } from 'vue'
import { api, ask, type Schemas } from '../../../api/client'
import { useAction, useQuery } from '../../../composables/useQuery'
import { useProvider } from '../useProvider'
import { runs, working } from '../../../courseware/stages'
import { usePoll } from './usePoll'

/** One revision with its report, asked again while something works on it. */
export function useReport(lesson: string, rev: number) {
  const { provider } = useProvider(),
    path = { provider: provider.value!.id, lesson, rev }
  const files = `/api/provider/providers/${path.provider}/lessons/${lesson}/courseware/${rev}/files/`
  const { data, error, slow, run } = useQuery(() =>
    ask(api.GET('/api/provider/providers/{provider}/lessons/{lesson}/courseware/{rev}', { params: { path } })),
  )
  usePoll(run, () => !!data.value && (working({ newest: data.value.courseware, playing: 0 }) || runs(data.value.courseware.repairing)))
  const change = useAction()
  const repair = () =>
    change.act(async () => {
      await ask(api.POST('/api/provider/providers/{provider}/lessons/{lesson}/courseware/{rev}/repair', { params: { path } }))
      await run()
    })
  const inspect = () =>
    change.act(async () => {
      await ask(api.POST('/api/provider/providers/{provider}/lessons/{lesson}/courseware/{rev}/inspect', { params: { path } }))
      await run()
    })
  /** The null of the server, which the generated types do not have. */
  const report = computed(() => (data.value?.report ?? undefined) as Schemas['MediaReport'] | undefined)
  const preview = computed(() => (data.value?.preview ?? undefined) as Schemas['CatalogPreview'] | undefined)
  const newer = computed(() => {
    const n = data.value?.lesson.newest as Schemas['CatalogCourseware'] | null | undefined
    return n && n.rev > rev ? n.rev : 0
  })
  return { data, error, slow, run, path, files, change, repair, inspect, report, preview, newer }
}
