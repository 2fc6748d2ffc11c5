import { computed, ref, watch } from 'vue'
import { useRoute, useRouter } from 'vue-router'
import { useSite } from './useSite'

/** The credit year a page shows, kept in its address (?year=); undefined = the present one, which the server knows. */
export function useYear() {
  const route = useRoute(),
    router = useRouter(),
    { site } = useSite()
  const year = ref<number | undefined>(Number(route.query.year) || undefined)
  const windows = computed(() => site.value?.years ?? [])
  watch(year, y => {
    const present = windows.value.find(w => w.state === 'open')?.year
    void router.replace({ query: { ...route.query, year: y && y !== present ? y : undefined } })
  })
  return { year, windows }
}
