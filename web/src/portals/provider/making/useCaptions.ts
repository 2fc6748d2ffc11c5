import { computed, ref, shallowRef, type Ref } from 'vue'
import { api, ApiProblem, ask, type Schemas } from '../../../api/client'
import { useAction } from '../../../composables/useQuery'
import { addCue, cueOfLine, dropCue, joinCue, readCues, setCue, splitCue, writeCues, type EditCue } from '../../../courseware/cues'

/** The captions of a revision while they are edited: loaded, changed, saved; where the server finds fault. */
export function useCaptions(path: { provider: string; lesson: string; rev: number }, at: Ref<number>, duration: () => number) {
  const cues = shallowRef<EditCue[]>([]),
    dirty = ref(false),
    failed = ref(false),
    fault = ref<{ id: number }>(),
    { busy, error, act } = useAction()
  const set = (next: EditCue[]) => {
    cues.value = next
    dirty.value = true
    fault.value = undefined
  }
  const part = <T>([next, made]: [EditCue[], T]) => {
    set(next)
    return made
  }
  /** Reads what is kept; before publication only the provider's own address has it. */
  async function load(c: Schemas['CatalogCourseware'], files: string) {
    if (dirty.value) return
    const name = c.captions_url.split('/').at(-1)
    if (!name) {
      cues.value = []
      return
    }
    try {
      const answer = await fetch(files + name)
      failed.value = !answer.ok
      if (answer.ok) cues.value = readCues(await answer.text())
    } catch {
      failed.value = true
    }
  }
  const put = (vtt: string) =>
    ask(api.PUT('/api/provider/providers/{provider}/lessons/{lesson}/courseware/{rev}/captions', { params: { path }, body: { vtt } }))
  const save = () =>
    act(async () => {
      const { vtt, lines } = writeCues(cues.value)
      try {
        await put(vtt)
      } catch (e) {
        const line = e instanceof ApiProblem ? Number(e.params.line ?? 0) : 0
        const bad = cues.value[cueOfLine(lines, line)]
        if (bad) fault.value = { id: bad.id }
        throw e
      }
      dirty.value = false
      return true
    })
  /** Takes a file as it is; the server says what is wrong with it, and in which line. */
  const upload = (file: File) =>
    act(async () => {
      const text = await file.text()
      await put(/\.srt$/i.test(file.name) ? writeCues(readCues(text)).vtt : text)
      dirty.value = false
      return true
    })
  const edit = {
    set: (id: number, change: Partial<EditCue>) => set(setCue(cues.value, id, change)),
    begin: (id: number) => set(setCue(cues.value, id, { from: Math.round(at.value) })),
    end: (id: number) => set(setCue(cues.value, id, { to: Math.round(at.value) })),
    split: (id: number, cursor: number) => part(splitCue(cues.value, id, cursor)),
    join: (id: number) => set(joinCue(cues.value, id)),
    add: (from: number) => part(addCue(cues.value, Math.round(from), duration())),
    remove: (id: number) => set(dropCue(cues.value, id)),
  }
  const count = computed(() => cues.value.length)
  return { cues, count, dirty, failed, fault, busy, error, load, save, upload, edit }
}
