import { ref, shallowRef } from 'vue'
import { api, ask, type Schemas } from '../api/client'

const me = shallowRef<Schemas['IdentityMe'] | null>(null),
  known = ref(false)

/** Who is logged in, asked once and shared by all pages. */
export function useSession() {
  async function refresh() {
    const s = await ask(api.GET('/api/public/session'))
    me.value = s.logged_in ? await ask(api.GET('/api/learner/account/me')) : null
    known.value = true
  }
  async function logout() {
    await ask(api.POST('/api/learner/account/logout'))
    me.value = null
  }
  return { me, known, refresh, logout }
}
