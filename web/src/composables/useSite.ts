import { shallowRef } from 'vue'
import { api, ask, type Schemas } from '../api/client'

const site = shallowRef<Schemas['PublicSite']>()
let asked: Promise<void> | undefined

/** Site name, hotline, filings, regions: settings of the operator, read once. */
export function useSite() {
  asked ??= ask(api.GET('/api/public/site'))
    .then(s => {
      site.value = s
    })
    .catch(() => {
      asked = undefined
    })
  const setting = (key: string) => site.value?.settings[key] ?? ''
  return { site, setting, loaded: asked }
}
