import { ref } from 'vue'
import { api, ask } from '../api/client'

const unread = ref(0)
let asking = false

/** The number of unread messages, shared by bell, tab bar and message page; a refusal leaves the last one standing. */
export function useUnread() {
  async function refresh() {
    if (asking) return
    asking = true
    try {
      unread.value = (await ask(api.GET('/api/learner/messages/unread'))).unread
    } catch {
      // The pages themselves say when the network or the login is gone.
    } finally {
      asking = false
    }
  }
  return { unread, refresh }
}

/** "99+" from one hundred on: the server counts no further. */
export const shortCount = (n: number) => (n > 99 ? '99+' : String(n))
