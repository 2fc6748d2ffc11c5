import { store } from './device'

/** A heartbeat as it goes over the wire: its body and the proof over exactly these bytes. */
export interface SignedBeat {
  body: string
  proof: string
}

/** Heartbeats the server has not answered lie in the browser's database, so that a closed tab or a crash loses none. */
export const beatOutbox = {
  add: (beat: SignedBeat) => store<IDBValidKey>('beats', 'readwrite', s => s.add(beat)),
  drop: (key: IDBValidKey) => store<undefined>('beats', 'readwrite', s => s.delete(key)),
  /** What earlier pages left behind, oldest first. */
  async left(): Promise<{ key: IDBValidKey; beat: SignedBeat }[]> {
    const keys = await store<IDBValidKey[]>('beats', 'readonly', s => s.getAllKeys())
    const beats = await store<SignedBeat[]>('beats', 'readonly', s => s.getAll() as IDBRequest<SignedBeat[]>)
    return keys.slice(0, beats.length).map((key, i) => ({ key, beat: beats[i]! }))
  },
}

/** Posts one heartbeat; the caller reads the answer. */
export const postBeat = (beat: SignedBeat, keepalive = false) =>
  fetch('/api/learner/playback/beat', {
    method: 'POST',
    body: beat.body,
    keepalive,
    headers: { 'Content-Type': 'application/json', 'X-Requested-With': 'xueshi', 'X-Lease-Proof': beat.proof },
  })

/**
 * Sends what earlier pages left behind before a new lease is asked for: the server still pays wall time before a takeover
 * (playback.md 2.6), and what it refuses now it would refuse for ever.
 */
export async function resendLeft(): Promise<void> {
  for (const { key, beat } of await beatOutbox.left().catch(() => [])) {
    const res = await postBeat(beat).catch(() => undefined)
    if (!res || res.status >= 500 || res.status === 429) return
    await beatOutbox.drop(key).catch(() => undefined)
  }
}
