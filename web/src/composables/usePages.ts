import { ref, type Ref } from 'vue'
import { useAction, useQuery } from './useQuery'

/** A keyset-paged list with its states: the first page as a query, the following ones added by load. */
export function usePages<T>(page: (after?: string) => Promise<{ items?: T[] | null; next: string }>) {
  const items = ref([]) as Ref<T[]>
  const next = ref('')
  const { data, error, slow, run } = useQuery(async () => {
    const first = await page()
    items.value = first.items ?? []
    next.value = first.next
    return first
  })
  const more = useAction()
  const load = () =>
    more.act(async () => {
      const following = await page(next.value)
      items.value.push(...(following.items ?? []))
      next.value = following.next
    })
  return { items, next, data, error, slow, run, load, loading: more.busy, loadError: more.error }
}
