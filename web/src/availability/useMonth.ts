import { ref, watch } from 'vue'
import { useRoute, useRouter } from 'vue-router'
import type { Schemas } from '../api/client'
import { useQuery } from '../composables/useQuery'

/** A month's availability, the present one's unless the address names another. */
export function useMonth(load: (month: string | undefined) => Promise<Schemas['AvailabilityMonth']>) {
  const route = useRoute(),
    router = useRouter()
  const month = ref<string | undefined>(typeof route.query.month === 'string' ? route.query.month : undefined)
  const query = useQuery(() => load(month.value))
  watch(month, m => {
    void router.replace({ query: { ...route.query, month: m } })
    void query.run()
  })
  return { month, ...query }
}
