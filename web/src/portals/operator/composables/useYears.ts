import { computed, ref } from 'vue'
import { useSite } from '../../../composables/useSite'

/** The credit years an operator works on: last year, this one and the next. */
export function useYears() {
  const now = new Date().getFullYear()
  return { year: ref(now), years: [now + 1, now, now - 1] }
}

/** Regions as the public site lists them, the city first, with their names. */
export function useRegions() {
  const { site } = useSite()
  const regions = computed(() => site.value?.regions ?? [])
  const regionName = (id: string) => regions.value.find(r => r.id === id)?.name ?? id
  return { site, regions, regionName }
}
