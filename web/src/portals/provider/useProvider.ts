import { computed, ref, shallowRef } from 'vue'
import { api, ask, type Schemas } from '../../api/client'

const mine = shallowRef<Schemas['OrgProvider'][]>(),
  chosen = ref(localStorage.getItem('provider') ?? '')

/** The provider whose desk is open. Most people work for one; who works for several chooses; the browser remembers. */
export function useProvider() {
  const provider = computed(() => mine.value?.find(p => p.id === chosen.value) ?? mine.value?.[0])
  async function load() {
    mine.value = (await ask(api.GET('/api/provider/providers'))).items ?? []
    return mine.value
  }
  const choose = (id: string) => {
    chosen.value = id
    localStorage.setItem('provider', id)
  }
  return { mine, provider, load, choose }
}
