import { expect, it } from 'vitest'
import { fillText, lightText } from '../src/composables/lightText'

it('reads headings, paragraphs and lists', () => {
  expect(lightText('# 题\n\n第一段\n接着\n\n第二段\n\n- 甲\n- 乙\n\n1. 子\n2、丑\n## 节\n尾')).toEqual([
    { kind: 'h1', text: '题' },
    { kind: 'p', text: '第一段接着' },
    { kind: 'p', text: '第二段' },
    { kind: 'ul', items: ['甲', '乙'] },
    { kind: 'ol', items: ['子', '丑'] },
    { kind: 'h2', text: '节' },
    { kind: 'p', text: '尾' },
  ])
})
it('leaves markup as the text it is', () => {
  expect(lightText('<img src=x onerror=alert(1)>')).toEqual([{ kind: 'p', text: '<img src=x onerror=alert(1)>' }])
})
it('fills in settings and keeps unknown names', () => {
  expect(fillText('打 {hotline}，找 {nobody}', k => (k === 'hotline' ? '400' : ''))).toBe('打 400，找 {nobody}')
})
