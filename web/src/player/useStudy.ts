import { computed, onBeforeUnmount, ref, shallowRef, type Ref } from 'vue'
import { api, ApiProblem, ask, type Schemas } from '../api/client'
import { resendLeft } from './beatOutbox'
import { StudySession, type Answer, type Check, type Cut } from './studySession'

/** Ranges as the wire has them, ms. */
export const ranges = (list: (number[] | null)[] | null | undefined) =>
  (list ?? []).filter(r => r !== null).map(r => [r[0] ?? 0, r[1] ?? 0] as [number, number])

/** Thrown here, never sent: the lesson was replaced since the page was read. */
const gone = 'playback.replaced'

export interface Holder {
  device: string
  same: boolean
}

/** The learner's side of a lesson: lease, heartbeats, the server's word, and why it stopped. Components show it; they decide nothing. */
export function useStudy(
  lessonId: string,
  video: Ref<HTMLVideoElement | null>,
  page: Schemas['LearnerLessonPage'],
  /** The lesson has another revision than the page: it must be shown anew before it is played. */
  replaced: () => void = () => undefined,
) {
  const answer = shallowRef<
    Pick<
      Answer,
      | 'credited'
      | 'credited_ms'
      | 'confirmed_ms'
      | 'frontier_ms'
      | 'resume_ms'
      | 'complete'
      | 'next_check_ms'
      | 'provisional_ms'
    >
  >({ ...page.progress, next_check_ms: page.next_check_ms, provisional_ms: 0 })
  const check = shallowRef<Check | null>(page.check ?? null),
    holder = shallowRef<Holder>(),
    stopped = ref(''),
    cut = ref<Cut>(''),
    mine = ref(false),
    savedAt = ref(0),
    problem = shallowRef<ApiProblem>()
  const passed = ref(page.progress.checks_ms ?? [])
  let session: StudySession | undefined,
    nonce = page.nonce,
    still = 0,
    counted = 0,
    before = page.progress.credited_ms,
    pauseAt = 0
  const at = () => (video.value?.currentTime ?? 0) * 1000
  let stalledMs = 0,
    stalledSince = 0
  const position = () => {
    const b = video.value?.buffered
    const waiting = stalledSince ? performance.now() - stalledSince : 0
    return { at: at(), buffered: b?.length ? b.end(b.length - 1) * 1000 : 0, stalled: stalledMs + waiting }
  }
  const pause = (why: string) => {
    stopped.value = why
    video.value?.pause()
  }

  function onAnswer(a: Answer) {
    savedAt.value = Date.now()
    pauseAt = a.pause_at_ms
    if (a.state === 'superseded' || a.state === 'expired') {
      session?.stop()
      session = undefined
      mine.value = false
      return pause(a.state)
    }
    answer.value = a
    if (a.check) {
      check.value = a.check
      video.value?.pause()
      return
    }
    if (a.missing_segments?.length) void session?.refetch(a.missing_segments)
    if (a.state === 'ahead' && video.value) {
      video.value.currentTime = a.resume_ms / 1000
      return pause('ahead')
    }
    if (a.state === 'overspeed') return pause('overspeed')
    watchGrowth(a)
  }

  /** The player must not run on while nothing is credited: two beats without growth over uncredited media stop it. */
  function watchGrowth(a: Answer) {
    const reviewing = ranges(a.credited).some(r => r[0] <= at() && at() < r[1] - 100)
    const playing = !!video.value && !video.value.paused && !video.value.ended
    // Beats at play, pause and seek come close together: only those of the regular pace count.
    const paced = performance.now() - counted > 8000
    if (!playing || reviewing || a.credited_ms > before) still = 0
    else if (paced) still++
    if (paced) counted = performance.now()
    before = a.credited_ms
    if (still >= 2) {
      still = 0
      pause(a.state === 'ok' ? 'stalled' : a.state)
    }
  }

  const events = {
    answer: onAnswer,
    cut: (why: Cut) => {
      cut.value = why
    },
    lost: (p: ApiProblem) => {
      session = undefined
      mine.value = false
      problem.value = p
      pause('failed')
    },
  }

  /** Makes sure this page holds the lease; resolves to the playlist, or undefined when another place plays or a check is due. */
  async function hold(takeover = false): Promise<string | undefined> {
    if (session) return session.lease.playlist_url
    problem.value = undefined
    await resendLeft()
    try {
      session = await acquire(takeover)
    } catch (e) {
      const p = e instanceof ApiProblem ? e : new ApiProblem(0, 'network')
      if (p.code === gone) {
        replaced()
        return undefined
      }
      const orphan = p.code === 'playback.lease_held' && p.params.same_device === true && !takeover
      if (orphan && !(await StudySession.playingHere())) return hold(true)
      if (p.code === 'playback.lease_held')
        holder.value = { device: String(p.params.device_name ?? ''), same: p.params.same_device === true }
      else problem.value = p
      return undefined
    }
    mine.value = true
    const lowest = page.media.renditions?.[0]
    session.folder = lowest ? `${lowest.name}/` : ''
    session.idle = () => !video.value || video.value.paused
    answer.value = session.lease.answer
    before = session.lease.answer.credited_ms
    pauseAt = session.lease.answer.pause_at_ms
    if (session.lease.answer.check) check.value = session.lease.answer.check
    return session.lease.playlist_url
  }

  async function acquire(takeover: boolean) {
    try {
      return await StudySession.acquire(lessonId, nonce, takeover, events, position)
    } catch (e) {
      if (!(e instanceof ApiProblem) || e.code !== 'playback.nonce_stale') throw e
      if (!shows(await read())) throw new ApiProblem(409, gone)
      return StudySession.acquire(lessonId, nonce, takeover, events, position)
    }
  }

  /** Called from timeupdate: heartbeats that a throttled timer would delay, and the stop just where the check falls due. */
  function tick() {
    if (document.hidden && video.value && !video.value.paused) pause('hidden') // something made it play again
    session?.tick()
    if (pauseAt > 0 && at() >= pauseAt && video.value && !video.value.paused) {
      const to = pauseAt
      pauseAt = 0
      video.value.currentTime = to / 1000
      video.value.pause()
    }
  }

  const read = () => ask(api.GET('/api/learner/lessons/{id}', { params: { path: { id: lessonId } } }))
  /** Takes the nonce of a page read anew, if it shows the revision that this page shows: positions mean something in one only. */
  function shows(p: Schemas['LearnerLessonPage']) {
    const same = p.media.rev === page.media.rev
    if (same) nonce = p.nonce
    return same
  }

  /** Reads the server's word again; undefined when it is about another revision than the one that plays here. */
  async function refresh() {
    const p = await read()
    check.value = p.check ?? null
    if (!shows(p)) return undefined
    answer.value = { ...p.progress, next_check_ms: p.next_check_ms, provisional_ms: 0 }
    passed.value = p.progress.checks_ms ?? []
    return p
  }

  // What was watched until now counts: pausing reports it. A hidden page earns nothing, so it does not play on.
  const hide = () => {
    if (!document.hidden || !video.value || video.value.paused) return
    session?.beat('paused', true)
    pause('hidden')
  }
  const leave = () => session?.close()
  document.addEventListener('visibilitychange', hide)
  window.addEventListener('pagehide', leave)
  onBeforeUnmount(() => {
    document.removeEventListener('visibilitychange', hide)
    window.removeEventListener('pagehide', leave)
    leave()
  })
  const credited = computed(() => ranges(answer.value.credited))
  return {
    answer,
    credited,
    passed,
    check,
    holder,
    stopped,
    cut,
    mine,
    savedAt,
    problem,
    hold,
    tick,
    refresh,
    beat: (s: 'playing' | 'paused' | 'stalled' | 'ended') => session?.beat(s),
    seeked: (from: number, reached?: number) => session?.start(from, reached),
    stalled: (yes: boolean) => {
      if (stalledSince) stalledMs += performance.now() - stalledSince
      stalledSince = yes ? performance.now() : 0
    },
  }
}
