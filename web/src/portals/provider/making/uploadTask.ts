import type { Upload as Tus } from 'tus-js-client'
import { ApiProblem, toProblem } from '../../../api/client'

export interface Target {
  provider: string
  lesson: string
  profile: 'video' | 'slides'
  /** Whether it holds what the lesson holds already. */
  content?: 'same' | 'new'
}
export interface Task extends Target {
  key: number
  /** Of the upload on the server, once it is known. */
  id: string
  name: string
  bytes: number
  sent: number
  speed: number
  state: 'waiting' | 'sending' | 'paused' | 'done' | 'refused'
  problem?: ApiProblem
}

export const endpoint = '/api/provider/uploads'
const chunk = 8 << 20
const retries = [0, 1000, 2000, 4000, 8000, 15_000, 30_000, 60_000, 60_000]

interface TusError {
  originalResponse?: { getStatus(): number; getBody(): string } | null
}

/** What the server said to a failed step of an upload; without an answer the network is gone. */
export function problemOf(e: unknown): ApiProblem {
  const answer = (e as TusError).originalResponse
  if (!answer?.getStatus()) return new ApiProblem(0, 'network')
  try {
    return toProblem(answer.getStatus(), JSON.parse(answer.getBody()))
  } catch {
    return new ApiProblem(answer.getStatus(), tusCodes[answer.getStatus()] ?? 'internal')
  }
}

// An answer to HEAD has no body.
const tusCodes: Record<number, string> = { 401: 'identity.login_required', 403: 'identity.scope_required', 404: 'media.no_upload', 409: 'media.upload_ended' }

/** Whether it helps to ask again by ourselves: a server that restarts, a network that comes and goes, another window that sends. */
export const worthRetry = (p: ApiProblem) =>
  p.status === 0 || (p.status >= 500 && p.code !== 'media.tools_missing') || ['media.upload_offset', 'media.upload_busy', 'busy'].includes(p.code)

export interface Events {
  known(id: string): void
  sent(bytes: number): void
  done(): void
  failed(p: ApiProblem): void
}

/**
 * The tus upload of a file. It is found again after a reload by the file's name, size and date (kept by the browser) or by
 * the id of an upload that the server says is unfinished.
 */
export async function tusUpload(file: File, t: Target, id: string, on: Events): Promise<Tus> {
  const { Upload } = await import('tus-js-client')
  const up = new Upload(file, {
    endpoint,
    uploadUrl: id ? `${endpoint}/${id}` : undefined,
    chunkSize: chunk,
    retryDelays: retries,
    headers: { 'X-Requested-With': 'xueshi' },
    metadata: { provider: t.provider, filename: file.name, profile: t.profile, content: t.content ?? 'same', ...(t.lesson && { lesson: t.lesson }) },
    fingerprint: () =>
      Promise.resolve(['xueshi', t.provider, t.lesson, t.profile, t.content ?? 'same', file.name, file.size, file.lastModified].join('/')),
    removeFingerprintOnSuccess: true,
    onProgress: bytes => on.sent(bytes),
    onSuccess: () => on.done(),
    onError: e => on.failed(problemOf(e)),
    onShouldRetry: e => worthRetry(problemOf(e)),
    onUploadUrlAvailable: () => on.known(up.url?.split('/').at(-1) ?? ''),
  })
  if (!id) {
    const before = await up.findPreviousUploads()
    if (before[0]) up.resumeFromPreviousUpload(before[0])
  }
  return up
}
