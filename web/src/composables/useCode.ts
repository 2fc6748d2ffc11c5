import { onBeforeUnmount, ref } from 'vue'
import { api, ask } from '../api/client'
import { useAction } from './useQuery'

/** Sends one-time codes and counts down until the next may be sent. */
export function useCode(purpose: 'register' | 'login' | 'reset') {
  const left = ref(0),
    sent = ref(false),
    { busy, error, act } = useAction()
  const timer = window.setInterval(() => {
    if (left.value > 0) left.value--
  }, 1000)
  onBeforeUnmount(() => clearInterval(timer))
  const send = (phone: string) =>
    act(async () => {
      await ask(api.POST('/api/public/account/code', { body: { phone, purpose } }))
      sent.value = true
      left.value = 60
    })
  return { left, sent, busy, error, send }
}
