// @vitest-environment happy-dom
import { mount } from '@vue/test-utils'
import { expect, it } from 'vitest'
import { toProblem } from '../src/api/client'
import HoursRuler from '../src/components/HoursRuler.vue'
import { useText } from '../src/composables/useText'
import { i18n } from '../src/locales'

it('reads an RFC 9457 problem', () => {
  const p = toProblem(409, {
    code: 'playback.lease_held',
    params: { device_name: 'PC' },
    retry_after: 3,
    request_id: 'r',
  })
  expect([p.status, p.code, p.params.device_name, p.retryAfter, p.requestId]).toEqual([
    409,
    'playback.lease_held',
    'PC',
    3,
    'r',
  ])
  expect(toProblem(502, undefined).code).toBe('internal')
})
it('the ruler says its numbers to a screen reader', () => {
  const w = mount(HoursRuler, {
    global: { plugins: [i18n] },
    props: { publicTenths: 260, professionalTenths: 315, needTenths: 900, provisionalTenths: 4, expectedTenths: 806 },
  })
  expect(w.attributes('aria-label')).toContain('已完成 57.5')
  expect(w.findAll('.labels span')).toHaveLength(10)
})
it('a problem is shown by the sentence of its code, with its numbers', () => {
  const say = (code: string, params: object) => {
    const setup = () => () => useText().problem(toProblem(422, { code, params }))
    return mount({ setup }, { global: { plugins: [i18n] } }).text()
  }
  expect(say('identity.bad_credentials', {})).toBe('账号或密码不对。')
  expect(say('identity.proof_size', { max_mb: 5 })).toContain('5 MB')
  expect(say('no.such_code', {})).toContain('出了点问题')
})
