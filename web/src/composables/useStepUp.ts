import { ref } from 'vue'
import { ApiProblem } from '../api/client'

const asking = ref(false)
let settle: ((proved: boolean) => void) | undefined

/**
 * Some actions ask for a fresh proof of who sits there (428). guarded runs one, shows the dialog when the server wants
 * the proof, and repeats the action after it; leaving the dialog keeps the problem.
 */
export function useStepUp() {
  async function guarded<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (e) {
      if (!(e instanceof ApiProblem) || e.code !== 'identity.step_up_required') throw e
      settle?.(false)
      const proved = await new Promise<boolean>(done => {
        settle = done
        asking.value = true
      })
      if (!proved) throw e
      return await work()
    }
  }
  function done(proved: boolean) {
    asking.value = false
    settle?.(proved)
    settle = undefined
  }
  return { asking, guarded, done }
}
