import { useI18n } from 'vue-i18n'

export const purposes = ['register', 'login', 'reset', 'phone', 'step_up', 'unlock'] as const

/** Sentences for the SMS service's codes; one that is not known is shown as it is. */
export function useResult() {
  const { t, te } = useI18n()
  const sentence = (code: string) => {
    const key = `gateway.results.${code.replaceAll('.', '_')}`
    return code && te(key) ? t(key) : t('gateway.result', { code })
  }
  return { sentence }
}
