import { onBeforeUnmount, ref, shallowRef } from 'vue'
import { ApiProblem } from '../api/client'

/** Loads something with its states: nothing for 300 ms, then a skeleton; an error keeps what was there; back online it tries again. */
export function useQuery<T>(load: () => Promise<T>) {
  const data = shallowRef<T>(),
    error = shallowRef<ApiProblem>(),
    slow = ref(false)
  let turn = 0
  async function run() {
    const mine = ++turn
    const timer = setTimeout(() => {
      slow.value = true
    }, 300)
    try {
      const got = await load()
      if (mine === turn) {
        data.value = got
        error.value = undefined
      }
    } catch (e) {
      if (mine === turn) error.value = e instanceof ApiProblem ? e : new ApiProblem(0, 'internal')
    } finally {
      clearTimeout(timer)
      if (mine === turn) slow.value = false
    }
  }
  const online = () => {
    if (error.value?.code === 'network') void run()
  }
  window.addEventListener('online', online)
  onBeforeUnmount(() => window.removeEventListener('online', online))
  void run()
  return { data, error, slow, run }
}

/** Does something once at a time, keeping its problem. */
export function useAction() {
  const busy = ref(false),
    error = shallowRef<ApiProblem>()
  async function act<T>(work: () => Promise<T>): Promise<T | undefined> {
    if (busy.value) return undefined
    busy.value = true
    error.value = undefined
    try {
      return await work()
    } catch (e) {
      error.value = e instanceof ApiProblem ? e : new ApiProblem(0, 'internal')
      return undefined
    } finally {
      busy.value = false
    }
  }
  return { busy, error, act }
}
