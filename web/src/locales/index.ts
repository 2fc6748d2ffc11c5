import { createI18n } from 'vue-i18n'
import zh from './zh-CN'
import en from './en'

export type Locale = 'zh-CN' | 'en'
const saved = localStorage.getItem('locale') as Locale | null

export const i18n = createI18n({
  legacy: false,
  flatJson: true, // error codes hold dots: 'identity.phone' is one key of errors
  locale: saved ?? 'zh-CN',
  fallbackLocale: 'zh-CN',
  messages: { 'zh-CN': zh, en },
})

/** Chooses the language of the page; Chinese comes first, English second. */
export function setLocale(locale: Locale) {
  i18n.global.locale.value = locale
  localStorage.setItem('locale', locale)
  document.documentElement.lang = locale
}
