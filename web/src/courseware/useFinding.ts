import type { Schemas } from '../api/client'
import { pair } from '../composables/measure'
import { useLimits } from '../composables/useLimits'
import { clock, useText } from '../composables/useText'
type Finding = Schemas['MediaFinding']

/** A finding in words: what is wrong with its numbers, where, and by which rule. */
export function useFinding() {
  const { t, te } = useText(),
    { unit, amount, rule: source } = useLimits()
  const name = (kind: string) => (te(`finding.name.${kind}`, 'zh-CN') ? t(`finding.name.${kind}`) : kind)
  /** Values whose detail tells their direction (early or late, left or right) have a sentence of their own and no sign. */
  const say = (f: Finding) => {
    const own = `finding.say.${f.kind}_${f.detail}`,
      turned = !!f.detail && te(own, 'zh-CN')
    const [value, limit] = pair(turned ? Math.abs(f.value) : f.value, turned ? Math.abs(f.limit) : f.limit, f.unit, unit)
    const params = { kind: name(f.kind), value, limit, detail: f.detail ?? '' }
    if (turned) return t(own, params)
    if (te(`finding.say.${f.kind}`, 'zh-CN')) return t(`finding.say.${f.kind}`, params)
    if (!f.value && !f.limit) return f.detail ? t('finding.say.unknownDetail', params) : t('finding.say.unknownPlain', params)
    return t('finding.say.unknown', params)
  }
  const whole = (f: Finding) => !f.from_ms && !f.to_ms
  const where = (f: Finding) => {
    if (whole(f)) return t('finding.whole')
    const long = f.to_ms - f.from_ms
    return long > 0
      ? t('finding.where', { from: clock(f.from_ms), to: clock(f.to_ms), long: amount(long, 'ms') })
      : t('finding.point', { from: clock(f.from_ms) })
  }
  const rule = (f: Finding) => source(f.clause)
  return { name, say, where, whole, rule }
}
