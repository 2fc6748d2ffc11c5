import { computed, ref } from 'vue'
import { api, ask, type Schemas } from '../../api/client'
import { useQuery } from '../../composables/useQuery'
import { useProvider } from './useProvider'

const waiting = ref<Schemas['FaultWaiting']>()

/** How many faults wait for the provider's answer: counted again whenever a page opens or one was answered; without the network the last count stays. */
export function useFaults() {
  const { provider } = useProvider()
  async function count() {
    if (!provider.value) return
    const path = { provider: provider.value.id }
    waiting.value = await ask(api.GET('/api/provider/providers/{provider}/faults/waiting', { params: { path } })).catch(() => waiting.value)
  }
  return { waiting, count }
}

/** What was told of one revision, for the marks on its report. */
export function useRevisionFaults(lesson: string, rev: number) {
  const { provider } = useProvider(),
    path = { provider: provider.value!.id }
  const { data, error, slow, run } = useQuery(() =>
    ask(api.GET('/api/provider/providers/{provider}/faults', { params: { path, query: { lesson, rev, limit: 100 } } })),
  )
  const places = computed(() => data.value?.items ?? [])
  return { places, data, error, slow, run, provider: path.provider }
}
