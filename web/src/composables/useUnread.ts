import { onBeforeUnmount, ref, watch } from 'vue'
import { useRoute } from 'vue-router'
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

/** The same for a frame that stands on every page: it asks again on each page and when the window comes back. */
export function useBell() {
  const { unread, refresh } = useUnread(),
    route = useRoute()
  watch(() => route.path, refresh, { immediate: true })
  const back = () => {
    if (!document.hidden) void refresh()
  }
  document.addEventListener('visibilitychange', back)
  onBeforeUnmount(() => document.removeEventListener('visibilitychange', back))
  return unread
}

/** "99+" from one hundred on: the server counts no further. */
export const shortCount = (n: number) => (n > 99 ? '99+' : String(n))
