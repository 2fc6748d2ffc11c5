import { ref, watch } from 'vue'
import { useSession } from './useSession'

interface Draft {
  key: string
  at: number
  /** Revision of the media in which at is; 0 = what is played. */
  rev?: number
  text: string
}

const prefix = 'draft/'

/** Forgets all drafts on this device: at log-out the next person must not find them. */
export function clearDrafts() {
  for (const k of Object.keys(localStorage)) if (k.startsWith(prefix)) localStorage.removeItem(k)
}

/**
 * What somebody is typing, kept on this device letter by letter until the server has it: closing the page or losing the
 * network loses nothing. Its key lets the server see that a second sending is the same text.
 */
export function useDraft(kind: 'note' | 'question', lesson: string) {
  const { me } = useSession()
  const slot = `${prefix}${kind}/${me.value?.id_number_mask}/${me.value?.phone_mask}/${lesson}`
  const fresh = (): Draft => ({ key: crypto.randomUUID(), at: -1, text: '' })
  const draft = ref(load() ?? fresh())
  function load(): Draft | undefined {
    try {
      const d = JSON.parse(localStorage.getItem(slot) ?? '') as Draft
      return typeof d.key === 'string' && typeof d.text === 'string' && Number.isFinite(d.at) ? d : undefined
    } catch {
      return undefined
    }
  }
  watch(
    draft,
    d => {
      try {
        if (d.text.trim()) localStorage.setItem(slot, JSON.stringify(d))
        else localStorage.removeItem(slot)
      } catch {
        // A full or closed store: the text is still in the field.
      }
    },
    { deep: true, flush: 'sync' },
  )
  const clear = () => {
    draft.value = fresh()
  }
  return { draft, clear }
}
