import { useI18n } from 'vue-i18n'
import type { Schemas } from '../../../api/client'
import zh from '../../../locales/zh-CN/operator'

export type AuditEntry = Schemas['IdentityAuditEntry']

/** Codes of the acts there are words for; the first underscore stands for the dot of the code. */
export const actions = Object.keys(zh.audit.actions).map(k => k.replace('_', '.'))

/** An audit entry in words: what was done, and its details as short lines. A code without words stays a code. */
export function useAuditWords() {
  const { t, te } = useI18n()
  const or = (key: string, fallback: string) => (te(key) ? t(key) : fallback)
  const what = (e: AuditEntry) => or(`audit.actions.${e.action.replace('.', '_')}`, e.action)
  /** A number of a policy, with the picture type it holds for. */
  const number = (k: string) => {
    const [profile, name] = k.includes('.') ? (k.split('.') as [string, string]) : ['', k]
    const called = or(`policies.names.${k}`, or(`inspection.names.${name}`, k))
    return profile && te(`inspection.${profile}`) ? t('inspection.field', { name: called, profile: t(`inspection.${profile}`) }) : called
  }
  const plain = (v: unknown): string =>
    Array.isArray(v) && v.length === 2 && v.every(x => typeof x === 'number')
      ? `${v[0]} → ${v[1]}`
      : v && typeof v === 'object'
        ? Object.entries(v)
            .map(([k, x]) => `${number(k)} ${plain(x)}`)
            .join('，')
        : String(v)
  const duty = (v: unknown) => Array.isArray(v) && v.every(d => te(`duty.${String(d)}`))
  const value = (key: string, v: unknown) =>
    duty(v) && (key === 'duties' || key === 'before')
      ? (v as string[]).map(d => t(`duty.${d}`)).join(t('word.and'))
      : key === 'role'
      ? or(`role.${String(v)}`, String(v))
      : key === 'by' || typeof v === 'boolean'
        ? or(`audit.value.${String(v)}`, String(v))
        : key === 'from' || key === 'to'
          ? or(`word.state.${String(v)}`, String(v))
          : plain(v)
  const details = (e: AuditEntry) =>
    Object.entries(e.detail)
      .filter(([, v]) => v !== null && v !== '')
      .map(([k, v]) => [or(`audit.detail.${k}`, k), value(k, v)] as const)
  return { what, details }
}
