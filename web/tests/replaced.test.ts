// @vitest-environment happy-dom
import { expect, it, vi } from 'vitest'
import { createApp, shallowRef } from 'vue'
import { ApiProblem, type Schemas } from '../src/api/client'
import { StudySession } from '../src/player/studySession'
import { useStudy } from '../src/player/useStudy'

const page = (rev: number, nonce: string) =>
  ({ media: { rev, renditions: [] }, nonce, check: null, next_check_ms: 1, progress: { credited: [], credited_ms: rev, resume_ms: 0, checks_ms: [] } }) as unknown as Schemas['LearnerLessonPage']
const fresh = vi.hoisted(() => ({ page: undefined as unknown }))
vi.mock('../src/api/client', async original => ({
  ...(await original<object>()),
  api: { GET: async () => ({ data: fresh.page, response: new Response() }) },
}))
vi.mock('../src/player/beatOutbox', () => ({ resendLeft: async () => undefined }))

/** A page of revision 1 whose nonce is out of date; the server shows the revision shown. */
function study(shown: number) {
  fresh.page = page(shown, 'new')
  const nonces: string[] = []
  vi.spyOn(StudySession, 'acquire').mockImplementation(async (_l, nonce) => {
    nonces.push(nonce)
    if (nonce !== 'new') throw new ApiProblem(409, 'playback.nonce_stale')
    return { lease: { playlist_url: '/p', answer: { credited: [], credited_ms: 0 } } } as unknown as StudySession
  })
  const replaced = vi.fn()
  let s!: ReturnType<typeof useStudy>
  createApp({
    setup() {
      s = useStudy('l', shallowRef(null), page(1, 'old'), replaced)
      return () => null
    },
  }).mount(document.createElement('div'))
  return { s, replaced, nonces }
}

it('begins with a new nonce when the lesson is the one that is shown', async () => {
  const { s, replaced, nonces } = study(1)
  expect(await s.hold()).toBe('/p')
  expect([nonces, replaced.mock.calls.length]).toEqual([['old', 'new'], 0])
})

it('shows the page anew, and plays nothing, when the lesson was replaced meanwhile', async () => {
  const { s, replaced, nonces } = study(2)
  expect(await s.hold()).toBeUndefined()
  expect([nonces, replaced.mock.calls.length, s.problem.value]).toEqual([['old'], 1, undefined])
})

it('keeps the positions of the revision that plays when a check was passed after it was replaced', async () => {
  const { s } = study(2)
  expect(await s.refresh()).toBeUndefined()
  expect(s.answer.value.credited_ms).toBe(1)
})
