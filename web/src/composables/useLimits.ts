import { measure } from './measure'
import { useText } from './useText'

/** Words of measured numbers and of the rules they come from. */
export function useLimits() {
  const { t, te } = useText()
  const unit = (u: string) => (te(`finding.unit.${u}`, 'zh-CN') ? t(`finding.unit.${u}`) : undefined)
  const amount = (value: number, u: string) => measure(value, u, unit)
  /** A clause of the notice by its number, a standard by its name. */
  const rule = (clause: string) => {
    if (/^R\d/.test(clause)) return t('finding.clause', { no: clause.slice(1) })
    const key = `finding.source.${clause.replace(/\W+/g, '_')}`
    return te(key, 'zh-CN') ? t(key) : clause
  }
  return { unit, amount, rule }
}
