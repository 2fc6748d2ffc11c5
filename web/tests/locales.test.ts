import { expect, it } from 'vitest'
import en from '../src/locales/en'
import zh from '../src/locales/zh-CN'

const keys = (o: object, at = ''): string[] =>
  Object.entries(o).flatMap(([k, v]) => (typeof v === 'object' ? keys(v, `${at}${k}/`) : [`${at}${k}`]))
const text = (o: object): string[] => Object.values(o).flatMap(v => (typeof v === 'object' ? text(v) : [v as string]))

it('both languages have the same keys', () => {
  expect(keys(en).sort()).toEqual(keys(zh).sort())
})
it('both languages take the same parameters', () => {
  const params = (s: string) =>
    [...s.matchAll(/\{(\w+)\}/g)]
      .map(m => m[1])
      .sort()
      .join()
  const a = text(zh).map(params),
    b = text(en).map(params)
  expect(b).toEqual(a)
})
it('keeps the tone: no exclamation marks, no accusation', () => {
  for (const s of text(zh)) expect(s).not.toMatch(/！|作弊|挂机|失败/)
})
