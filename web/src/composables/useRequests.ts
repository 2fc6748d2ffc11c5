import { computed } from 'vue'
import { api, ask } from '../api/client'
import { useQuery } from './useQuery'

/** The account's own requests, newest first, and the one of a kind that waits. */
export function useRequests(kind?: 'correction' | 'transfer') {
  const { data, error, slow, run } = useQuery(() => ask(api.GET('/api/learner/account/requests')))
  const items = computed(() => data.value?.items ?? [])
  const pending = computed(() => items.value.find(r => r.kind === kind && r.state === 'pending'))
  return { data, items, pending, error, slow, run }
}
