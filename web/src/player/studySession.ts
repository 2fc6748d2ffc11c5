import { api, ApiProblem, ask, toProblem, type Schemas } from '../api/client'
import { beatOutbox, postBeat, type SignedBeat } from './beatOutbox'
import { base64url, fromBase64url, sign } from './device'

export type Answer = Schemas['PlaybackAnswer']
export type Check = Schemas['PlaybackCheck']
type State = 'playing' | 'paused' | 'seeking' | 'stalled' | 'ended' | 'hidden' | 'closed'

const LOCK = 'xueshi-study'

interface Sent {
  session_id: string
  epoch: number
  seq: number
  run: number
  from_ms: number
  to_ms: number
  state: State
  visible: boolean
  buffered_ms: number
  stalled_ms: number
  mono_ms: number
}

/** Why heartbeats wait: the network is away, or the server cannot store now; '' = they do not. */
export type Cut = '' | 'network' | 'server'

export interface SessionEvents {
  answer(a: Answer): void
  cut(why: Cut): void
  lost(problem: ApiProblem): void
}

/** What a heartbeat tells of the player; the server takes none of it as evidence. */
export interface Position {
  at: number
  buffered: number
  stalled: number
}

/** One held lease: heartbeats in order, one in flight, each kept until the server has answered it. */
export class StudySession {
  private seq = 0
  private run = 1
  private queue: { state: State; beat: Promise<SignedBeat>; kept: Promise<IDBValidKey | undefined> }[] = []
  private flying = false
  private timer = 0
  private last = 0
  private ended = false
  private due = Infinity
  private every: number
  private release: () => void = () => undefined
  idle: () => boolean = () => true
  /** Of the rendition from which segments are fetched again; any will do as evidence. */
  folder = ''

  private constructor(
    readonly lessonId: string,
    readonly lease: Schemas['LearnerAcquired'],
    private key: CryptoKey,
    private on: SessionEvents,
    private position: () => Position,
  ) {
    this.last = Math.round(position().at)
    this.every = lease.beat_ms
    // Other windows of this browser see by the lock whether somebody is really playing here.
    void navigator.locks?.request(LOCK, { ifAvailable: true }, () => new Promise<void>(done => (this.release = done)))
  }

  /** Takes the lease; throws ApiProblem playback.lease_held when another place plays and takeover was not asked. */
  static async acquire(
    lessonId: string,
    nonce: string,
    takeover: boolean,
    on: SessionEvents,
    position: () => Position,
  ): Promise<StudySession> {
    const signature = await sign(`xueshi-acquire-v1\n${nonce}\n${lessonId}\n${takeover ? 1 : 0}`)
    const lease = await ask(
      api.POST('/api/learner/playback/acquire', { body: { lesson_id: lessonId, nonce, takeover, signature } }),
    )
    const key = await crypto.subtle.importKey(
      'raw',
      fromBase64url(lease.lease_key),
      { name: 'HMAC', hash: 'SHA-256' },
      false,
      ['sign'],
    )
    return new StudySession(lessonId, lease, key, on, position)
  }

  /** Whether a window of this browser holds a lease; without it, a lease "held here" is one a closed page left behind. */
  static async playingHere(): Promise<boolean> {
    const locks = await navigator.locks?.query().catch(() => undefined)
    return locks?.held?.some(l => l.name === LOCK) ?? true
  }

  /** Begins a new run at this position, after a seek; what was played before it, up to where it is known to have come, is reported. */
  start(at: number, reached = this.last) {
    if (reached > this.last) this.beat('seeking', !document.hidden, reached)
    this.run++
    this.last = Math.round(at)
  }

  /** Reports where the player is. visible = the page could be seen while this piece was played. */
  beat(state: State, visible = !document.hidden, reached = this.position().at) {
    if (this.ended) return
    const now = this.position()
    const to = Math.max(this.last, Math.round(reached))
    const sent: Sent = {
      session_id: this.lease.session_id,
      epoch: this.lease.epoch,
      seq: ++this.seq,
      run: this.run,
      from_ms: this.last,
      to_ms: to,
      state,
      visible: visible && state !== 'hidden',
      buffered_ms: Math.round(now.buffered),
      stalled_ms: Math.round(now.stalled),
      mono_ms: Math.round(performance.now()),
    }
    this.last = to
    if (state !== 'playing') this.run++
    const beat = this.sign(sent)
    // A browser without room for a database still studies; its beats then live as long as the page.
    this.queue.push({ state, beat, kept: beat.then(beatOutbox.add).catch(() => undefined) })
    this.plan()
    void this.flush()
  }

  private async sign(sent: Sent): Promise<SignedBeat> {
    const body = JSON.stringify(sent)
    return { body, proof: base64url(await crypto.subtle.sign('HMAC', this.key, new TextEncoder().encode(body))) }
  }

  /** Sets the clock of the next heartbeat; the server may ask for a longer pace under load. */
  private plan() {
    clearTimeout(this.timer)
    this.timer = window.setTimeout(() => this.beat(this.idle() ? 'paused' : 'playing'), this.every)
    this.due = performance.now() + this.every
  }

  /** Called from timeupdate as well, since timers of background pages are throttled. */
  tick() {
    if (performance.now() > this.due) this.beat(this.idle() ? 'paused' : 'playing')
  }

  private async flush(): Promise<void> {
    if (this.flying) return
    this.flying = true
    try {
      while (this.queue.length && !this.ended) {
        const first = this.queue[0]!
        const answer = await this.send(await first.beat, first.state === 'closed')
        this.queue.shift()
        void first.kept.then(key => (key === undefined ? undefined : beatOutbox.drop(key))).catch(() => undefined)
        this.on.cut('')
        this.every = Math.min(30_000, Math.max(this.lease.beat_ms, answer.retry_after_ms))
        this.on.answer(answer)
      }
    } catch (e) {
      const p = e instanceof ApiProblem ? e : new ApiProblem(0, 'network')
      if (p.status === 0 || p.status >= 500 || p.status === 429) {
        this.on.cut(p.status === 0 ? 'network' : 'server')
        setTimeout(() => void this.flush(), 1000 * Math.max(3, p.retryAfter))
      } else {
        this.stop()
        this.on.lost(p)
      }
    } finally {
      this.flying = false
    }
  }

  private async send(beat: SignedBeat, keepalive: boolean): Promise<Answer> {
    let res: Response
    try {
      res = await postBeat(beat, keepalive)
    } catch {
      throw new ApiProblem(0, 'network')
    }
    const data: unknown = await res.json().catch(() => undefined)
    if (!res.ok) throw toProblem(res.status, data)
    return data as Answer
  }

  /** Fetches claimed segments again that the server never saw delivered. */
  async refetch(segments: number[]) {
    const base = this.lease.playlist_url.slice(0, this.lease.playlist_url.lastIndexOf('/') + 1)
    for (const n of segments.slice(0, 16))
      await fetch(`${base}${this.folder}${n}.m4s`)
        .then(r => r.arrayBuffer())
        .catch(() => undefined)
  }

  stop() {
    this.ended = true
    clearTimeout(this.timer)
    this.release()
  }

  /** Leaves politely: what is played so far is reported and the lease is free at once. */
  close() {
    if (this.ended) return
    this.beat('closed')
    clearTimeout(this.timer)
    setTimeout(() => this.stop(), 2000)
  }
}

/** Sends the answers to a presence check. */
export async function answerCheck(check: Check, answers: string[]) {
  const signature = await sign(`xueshi-check-v1\n${check.id}\n${check.nonce}\n${answers.join('\n')}`)
  return ask(
    api.POST('/api/learner/playback/check/answer', {
      body: { check_id: check.id, nonce: check.nonce, answers, signature },
    }),
  )
}
