import { expect, it } from 'vitest'
import en from '../src/locales/en/errors'
import zh from '../src/locales/zh-CN/errors'

const files = import.meta.glob<string>('../../internal/**/*.go', { query: '?raw', import: 'default', eager: true })
const sources = Object.entries(files)
  .filter(([path]) => !path.endsWith('_test.go'))
  .map(([path, text]) => ({ name: path.replace('../../internal/', ''), text }))

// Every place in the Go sources where a refusal gets its code. Internal errors show the sentence of "internal".
const places = [
  /errs\.New\(errs\.(?!Internal)\w+,\s*"([^"]+)"/g,
  /AllowTx\(ctx,\s*tx,\s*"([^"]+)"/g,
  /newProblem\(http\.\w+,\s*"([^"]+)"/g,
  /\b4\d\d: "([a-z_]+\.[a-z_]+)"/g,
]
const codes = [...new Set(sources.flatMap(s => places.flatMap(p => [...s.text.matchAll(p)].map(m => m[1]!))))].sort()

it('finds the codes of the Go sources', () => {
  expect(codes).toContain('identity.locked')
  expect(codes).toContain('identity.export_limit')
  expect(codes).toContain('request.content_type')
  expect(codes).toContain('request.malformed')
  expect(codes.length).toBeGreaterThan(80)
})
it('every code stands in its source as it is, so that this test can see it', () => {
  const hidden = sources.filter(s => /errs\.New\((?!errs\.\w+,\s*")/.test(s.text)).map(s => s.name).sort()
  // The one explains itself, the other passes on what its callers name, which is looked for above.
  expect(hidden).toEqual(['kernel/errs/errs.go', 'platform/limit/limit.go'])
})
for (const [language, { errors }] of Object.entries({ zh, en }))
  it(`every code has its sentence, ${language}`, () => {
    expect(codes.filter(c => !(errors as Record<string, string>)[c])).toEqual([])
  })
