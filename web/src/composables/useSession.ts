import { ref, shallowRef } from 'vue'
import { api, ask, type Schemas } from '../api/client'
import { clearDrafts } from './useDraft'

const me = shallowRef<Schemas['IdentityMe'] | null>(null),
  consentNeeded = ref(false),
  known = ref(false)

/** Who is logged in, asked once and shared by all pages, and whether the texts of today are still to be agreed to. */
export function useSession() {
  async function refresh() {
    const s = await ask(api.GET('/api/public/session'))
    me.value = s.logged_in ? await ask(api.GET('/api/learner/account/me')) : null
    consentNeeded.value = s.consent_needed
    known.value = true
  }
  async function logout() {
    await ask(api.POST('/api/learner/account/logout'))
    clearDrafts()
    me.value = null
    consentNeeded.value = false
  }
  return { me, known, consentNeeded, refresh, logout }
}
