import { expect, it } from 'vitest'
import all from '../../internal/notify/templates.json'
import en from '../src/locales/en'
import zh from '../src/locales/zh-CN'
import { leadOf, leads, paramsOf } from '../src/portals/learner/messages'

type Sentences = Record<string, Record<string, { title: string; text: string }>>
const templates = all as Record<string, { kind: string; params: string[] }>
const used = (s: string) => [...s.matchAll(/\{(\w+)\}/g)].map(m => m[1]!)

it('every template of the server has a sentence in both languages, with parameters it is given', () => {
  for (const [name, { params }] of Object.entries(templates)) {
    const [domain, what] = name.split('.') as [string, string]
    for (const said of [zh.said, en.said] as unknown as Sentences[]) {
      const s = said[domain]?.[what]
      expect(s, name).toBeDefined()
      for (const p of used(s!.title + s!.text)) expect(params, `${name} {${p}}`).toContain(p)
    }
  }
})
it('every sentence has a template: none is left over', () => {
  const names = Object.entries(zh.said as unknown as Sentences).flatMap(([d, of]) => Object.keys(of).map(k => `${d}.${k}`))
  expect(names.sort()).toEqual(Object.keys(templates).sort())
})
it('every message leads to what it tells of', () => {
  expect(Object.keys(leads).sort()).toEqual(Object.keys(templates).sort())
  const message = (template: string, params: Record<string, unknown>) =>
    ({ id: 'm', template, kind: 'study', params, created_at: '', read_at: null }) as const
  expect(leadOf(message('classroom.answered', { lesson_id: 'l1' }))).toEqual({
    path: '/learn/l1',
    query: { tab: 'questions' },
  })
  expect(leadOf(message('credit.booked', { year: 2025 }))).toEqual({ path: '/archive', query: { year: '2025' } })
  expect(leadOf(message('of.tomorrow', {}))).toBe('/messages')
  expect(paramsOf(message('credit.booked', { hours: '90.0' })).hours).toBe('90')
  expect(paramsOf(message('credit.booked', { hours: '32.5' })).hours).toBe('32.5')
})
