import { ref } from 'vue'
import { api, ask, type Schemas } from '../../api/client'

const waiting = ref<Schemas['OperatorWaiting']>()

/** What waits for an operator: counted again whenever a page opens or something was decided; without the network the last count stays. */
export function useWaiting() {
  async function count() {
    waiting.value = await ask(api.GET('/api/operator/waiting')).catch(() => waiting.value)
  }
  return { waiting, count }
}
