import createClient from 'openapi-fetch'
import type { components, paths } from './schema'

export type Schemas = components['schemas']

/** A refusal of the server (RFC 9457), or code "network" when it could not be reached. */
export class ApiProblem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly params: Record<string, unknown> = {},
    readonly fields: { path: string; code: string }[] = [],
    readonly retryAfter = 0,
    readonly requestId = '',
  ) {
    super(code)
  }
}

/** Turns a problem document into an ApiProblem; anything else becomes "internal". */
export function toProblem(status: number, body: unknown): ApiProblem {
  const p = (body ?? {}) as Record<string, never>
  return new ApiProblem(
    status,
    p.code ?? 'internal',
    p.params ?? {},
    p.fields ?? [],
    p.retry_after ?? 0,
    p.request_id ?? '',
  )
}

export const api = createClient<paths>({ headers: { 'X-Requested-With': 'xueshi' }, credentials: 'same-origin' })

/** The data of an answer, or an ApiProblem thrown. */
export async function ask<T>(call: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  let answer
  try {
    answer = await call
  } catch {
    throw new ApiProblem(0, 'network')
  }
  if (!answer.response.ok) {
    const problem = toProblem(answer.response.status, answer.error)
    if (problem.status === 401 && problem.code.startsWith('identity.'))
      window.dispatchEvent(new CustomEvent('session-ended'))
    if (problem.code === 'identity.consent_required') window.dispatchEvent(new CustomEvent('consent-required'))
    throw problem
  }
  return answer.data as T
}
