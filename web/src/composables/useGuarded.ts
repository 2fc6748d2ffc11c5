import { useAction } from './useQuery'
import { useStepUp } from './useStepUp'

/** Like useAction, for acts that may need a fresh proof of who sits there first. */
export function useGuarded() {
  const { busy, error, act: once } = useAction(),
    { guarded } = useStepUp()
  return { busy, error, act: <T>(work: () => Promise<T>) => once(() => guarded(work)) }
}
