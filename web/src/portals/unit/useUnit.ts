import { computed, ref } from 'vue'
import { api, ask, type Schemas } from '../../api/client'

const units = ref<Schemas['IdentityAdminUnit'][]>(),
  chosen = ref(sessionStorage.getItem('unit') ?? '')

/** The units whose administrator this is, and the one the pages show. */
export function useUnit() {
  const unit = computed(() => units.value?.find(u => u.id === chosen.value) ?? units.value?.[0])
  async function load() {
    units.value = (await ask(api.GET('/api/unit/units'))).items ?? []
    return units.value
  }
  function choose(id: string) {
    chosen.value = id
    sessionStorage.setItem('unit', id)
  }
  return { units, unit, load, choose }
}
