import { computed, ref, type Ref } from 'vue'
import type { Schemas } from '../api/client'
import { attachHls, type Attached } from './attachHls'

type Rendition = Schemas['LearnerRendition']
const kept = ref(localStorage.getItem('quality') ?? '')

/** What feeds the video: the lesson's playlist, in the quality chosen on this device ('' = automatic). */
export function useSource(video: Ref<HTMLVideoElement | null>, renditions: Rendition[]) {
  let hls: Attached | undefined,
    url = ''
  /** A lesson may not have what was chosen in another one: then it is automatic. */
  const quality = computed(() => (renditions.some(r => r.name === kept.value) ? kept.value : ''))
  const soundOnly = (name: string) => renditions.some(r => r.name === name && r.audio_only)

  async function attach(playlist: string, from: number) {
    hls?.destroy()
    url = playlist
    hls = await attachHls(video.value!, playlist, from / 1000, quality.value, soundOnly(quality.value))
  }
  /** Plays on in another quality; false when the source has to be attached anew for it. */
  function choose(name: string): boolean {
    const before = quality.value
    kept.value = name
    localStorage.setItem('quality', name)
    if (!hls || before === quality.value) return true
    return !soundOnly(before) && !soundOnly(name) && hls.choose(name)
  }
  return {
    quality,
    choose,
    attach,
    attachAgain: (from: number) => attach(url, from),
    plays: (playlist: string) => url === playlist,
    attached: () => !!hls,
    destroy: () => hls?.destroy(),
  }
}
