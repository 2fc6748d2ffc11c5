import { api, ApiProblem, ask, toProblem, type Schemas } from '../api/client'
import { base64url, fromBase64url, sign } from './device'

export type Answer = Schemas['PlaybackAnswer']
export type Check = Schemas['PlaybackCheck']
type State = 'playing' | 'paused' | 'seeking' | 'stalled' | 'ended' | 'hidden' | 'closed'

export interface Sent {
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

export interface SessionEvents {
  answer(a: Answer): void
  offline(yes: boolean): void
  lost(problem: ApiProblem): void
}

/** One held lease: heartbeats in order, one in flight, kept until the server has answered. */
export class StudySession {
  private seq = 0
  private run = 1
  private queue: Sent[] = []
  private flying = false
  private timer = 0
  private last = 0
  private ended = false
  private constructor(
    readonly lessonId: string,
    readonly lease: Schemas['LearnerAcquired'],
    private key: CryptoKey,
    private on: SessionEvents,
    private position: () => number,
  ) {
    this.last = Math.round(position())
  }

  /** Takes the lease; throws ApiProblem playback.lease_held when another place plays and takeover was not asked. */
  static async acquire(
    lessonId: string,
    nonce: string,
    takeover: boolean,
    on: SessionEvents,
    position: () => number,
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

  /** Begins a new run at the present position: after a pause, a seek or a stall. */
  start(at: number) {
    this.run++
    this.last = Math.round(at)
  }

  /** Reports where the player is now. */
  beat(state: State) {
    if (this.ended) return
    const now = Math.max(this.last, Math.round(this.position()))
    const to = state === 'seeking' ? this.last : now
    this.queue.push({
      session_id: this.lease.session_id,
      epoch: this.lease.epoch,
      seq: ++this.seq,
      run: this.run,
      from_ms: this.last,
      to_ms: to,
      state,
      visible: state !== 'hidden',
      buffered_ms: 0,
      stalled_ms: 0,
      mono_ms: Math.round(performance.now()),
    })
    this.last = to
    if (state !== 'playing') this.run++
    this.plan()
    void this.flush()
  }

  /** Sets the clock of the next heartbeat; also called from timeupdate, since background timers are throttled. */
  private plan() {
    clearTimeout(this.timer)
    this.timer = window.setTimeout(() => this.beat(this.idle() ? 'paused' : 'playing'), this.lease.beat_ms)
    this.due = performance.now() + this.lease.beat_ms
  }
  private due = Infinity
  idle: () => boolean = () => true
  tick() {
    if (performance.now() > this.due) this.beat(this.idle() ? 'paused' : 'playing')
  }

  private async flush(): Promise<void> {
    if (this.flying) return
    this.flying = true
    try {
      while (this.queue.length && !this.ended) {
        const answer = await this.send(this.queue[0]!)
        this.queue.shift()
        this.on.offline(false)
        if (answer) this.on.answer(answer)
      }
    } catch (e) {
      const p = e instanceof ApiProblem ? e : new ApiProblem(0, 'network')
      if (p.status === 0 || p.status >= 500 || p.status === 429) {
        this.on.offline(true)
        setTimeout(() => void this.flush(), 3000)
      } else {
        this.stop()
        this.on.lost(p)
      }
    } finally {
      this.flying = false
    }
  }

  private async send(b: Sent): Promise<Answer | undefined> {
    const body = JSON.stringify(b)
    const proof = base64url(await crypto.subtle.sign('HMAC', this.key, new TextEncoder().encode(body)))
    let res: Response
    try {
      res = await fetch('/api/learner/playback/beat', {
        method: 'POST',
        body,
        keepalive: b.state === 'closed',
        headers: { 'Content-Type': 'application/json', 'X-Requested-With': 'xueshi', 'X-Lease-Proof': proof },
      })
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
      await fetch(`${base}${n}.m4s`)
        .then(r => r.arrayBuffer())
        .catch(() => undefined)
  }

  stop() {
    this.ended = true
    clearTimeout(this.timer)
  }

  /** Leaves politely: what is played so far is reported and the lease is free at once. */
  close() {
    if (this.ended) return
    this.beat('closed')
    clearTimeout(this.timer)
    setTimeout(() => {
      this.ended = true
    }, 2000)
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
