import { expect, it } from 'vitest'
import { kinds, readClock } from '../src/courseware/faults'
import zh from '../src/locales/zh-CN/fault'

it('reads minutes and seconds within the lesson, and nothing else', () => {
  expect(readClock('12:31', 900_000)).toBe(751_000)
  expect(readClock(' 0：05 ', 900_000)).toBe(5_000)
  expect(readClock('15:00', 900_000)).toBe(900_000)
  for (const wrong of ['', '12', '12:60', '15:01', '-1:00', '1:2:3', 'abc']) expect(readClock(wrong, 900_000), wrong).toBeUndefined()
})
it('has a word for every kind', () => {
  expect(Object.keys(zh.fault.kinds).sort()).toEqual([...kinds].sort())
})
