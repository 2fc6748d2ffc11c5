import { expect, it } from 'vitest'
import en from '../src/locales/en/operator'
import zh from '../src/locales/zh-CN/operator'

const files = import.meta.glob<string>('../../internal/**/*.go', { query: '?raw', import: 'default', eager: true })
const sources = Object.entries(files)
  .filter(([path]) => !path.endsWith('_test.go'))
  .map(([, text]) => text)

// Every place in the Go sources where an act gets its code; one that ends with "_" or "." is the beginning of several.
const places = [
  /AuditTx\(ctx, tx, "([a-z_.]+)"/g,
  /administer\(ctx, \w+, "([a-z_.]+)"/g,
  /editDraft\(ctx, \w+, \w+, "([a-z_.]+)"/g,
  /\baction :?= "([a-z_]+\.[a-z_]+)"/g,
]
const acts = [...new Set(sources.flatMap(s => places.flatMap(p => [...s.matchAll(p)].map(m => m[1]!))))].sort()
const families: Record<string, string[]> = {
  'catalog.course_': ['submit', 'recall', 'publish', 'withdraw', 'restore'],
  'credit.appeal_': ['granted', 'refused'],
  'fault.': ['mended', 'refused'],
  'identity.': ['correction_approved', 'correction_refused', 'transfer_approved', 'transfer_refused'],
  'identity.asked_': ['correction', 'transfer'],
}
const codes = acts.flatMap(a => (/[_.]$/.test(a) ? (families[a] ?? ['?']).map(end => a + end) : [a]))

it('finds the acts of the Go sources', () => {
  expect(codes).toContain('identity.granted')
  expect(codes).toContain('catalog.lesson_add')
  expect(codes).toContain('fault.mended')
  expect(codes.length).toBeGreaterThan(60)
})
for (const [language, { audit }] of Object.entries({ zh, en }))
  it(`every act has its words, ${language}`, () => {
    expect(codes.filter(c => !(audit.actions as Record<string, string>)[c.replace('.', '_')])).toEqual([])
  })
