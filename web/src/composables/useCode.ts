import { onBeforeUnmount, ref } from 'vue'
import { api, ask } from '../api/client'
import { useAction } from './useQuery'

function counted<A extends unknown[]>(call: (...a: A) => Promise<unknown>) {
  const left = ref(0),
    sent = ref(false),
    { busy, error, act } = useAction()
  const timer = window.setInterval(() => {
    if (left.value > 0) left.value--
  }, 1000)
  onBeforeUnmount(() => clearInterval(timer))
  const send = (...a: A) =>
    act(async () => {
      await call(...a)
      sent.value = true
      left.value = 60
    })
  return { left, sent, busy, error, send }
}

/** Sends one-time codes to a phone and counts down until the next may be sent. */
export const useCode = (purpose: 'register' | 'login' | 'reset' | 'phone' | 'unlock') =>
  counted((phone: string) => ask(api.POST('/api/public/account/code', { body: { phone, purpose } })))

/** The same to the account's own phone, which the page knows only masked. */
export const useOwnCode = (purpose: 'step_up' | 'phone') =>
  counted(() => ask(api.POST('/api/learner/account/code', { body: { purpose } })))
