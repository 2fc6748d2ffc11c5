import { computed } from 'vue'
import { useSession } from '../../../composables/useSession'

/** Whether the reader may change courses, and not only upload and review. The server decides; this spares a refusal. */
export const useStaff = () => {
  const { me } = useSession()
  return computed(() => !!me.value?.roles?.includes('provider_staff'))
}
