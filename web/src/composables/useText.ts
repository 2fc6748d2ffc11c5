import { useI18n } from 'vue-i18n'
import type { ApiProblem } from '../api/client'

/** mm:ss of milliseconds, as the ruler shows it. */
export function clock(ms: number): string {
  const s = Math.max(0, Math.floor(ms / 1000))
  return `${String(Math.floor(s / 60)).padStart(2, '0')}:${String(s % 60).padStart(2, '0')}`
}

/** Tenths of hours as "31.5", whole numbers without the ".0". */
export function hours(tenths: number): string {
  return tenths % 10 === 0 ? String(tenths / 10) : (tenths / 10).toFixed(1)
}

/** Sentences for people: problems by code, times by the reader's clock. */
export function useText() {
  const { t, te, locale } = useI18n()
  /** A refusal by its code; parameters that are words of the server are said in the reader's (word.NAME.VALUE), lists as lists. */
  const sentence = (code: string, params: Record<string, unknown> = {}) => {
    const say = (name: string, v: unknown): unknown =>
      Array.isArray(v)
        ? v.map(x => say(name, x)).join(t('word.and'))
        : te(`word.${name}.${v}`, 'zh-CN')
          ? t(`word.${name}.${v}`)
          : v
    const said = Object.fromEntries(Object.entries(params).map(([name, v]) => [name, say(name, v)]))
    return te(`errors.${code}`, 'zh-CN') ? t(`errors.${code}`, said) : t('errors.internal')
  }
  const problem = (p: ApiProblem) => sentence(p.code, p.params)
  const spoken = (ms: number) => t('player.clock', { m: Math.floor(ms / 60000), s: Math.floor(ms / 1000) % 60 })
  const when = (iso: string) =>
    new Intl.DateTimeFormat(locale.value, { month: 'long', day: 'numeric', hour: '2-digit', minute: '2-digit' }).format(
      new Date(iso),
    )
  const date = (iso: string) =>
    new Intl.DateTimeFormat(locale.value, { year: 'numeric', month: '2-digit', day: '2-digit' }).format(new Date(iso))
  /** The last day before an instant that ends something: the 31st is stored as the first instant after it. */
  const lastDay = (iso: string) =>
    new Intl.DateTimeFormat(locale.value, {
      year: 'numeric',
      month: 'long',
      day: 'numeric',
      timeZone: 'Asia/Shanghai',
    }).format(new Date(new Date(iso).getTime() - 1))
  return { t, te, problem, sentence, spoken, when, date, lastDay }
}
