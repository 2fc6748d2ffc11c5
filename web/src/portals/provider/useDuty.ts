import { computed } from 'vue'
import type { Schemas } from '../../api/client'
import { useSession } from '../../composables/useSession'
import { useProvider } from './useProvider'

export type Duty = NonNullable<Schemas['IdentityPost']['duties']>[number]

/** Every duty in the order in which it is shown. */
export const allDuties: Duty[] = ['admin', 'course', 'exam', 'finance', 'service', 'teacher']

/** Whether the reader has a duty with the provider whose desk is open. The server decides; this spares a refusal. */
export const useDuty = (duty: Duty) => {
  const { me } = useSession(),
    { provider } = useProvider()
  return computed(() => !!me.value?.posts?.find(p => p.provider_id === provider.value?.id)?.duties?.includes(duty))
}
