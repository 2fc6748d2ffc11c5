import { nextTick } from 'vue'
import { createRouter, createWebHistory } from 'vue-router'
import { useSite } from './composables/useSite'
import { i18n } from './locales'
import { routes } from './portals'

export const router = createRouter({
  history: createWebHistory(),
  scrollBehavior: (_to, _from, saved) => saved ?? { top: 0 },
  routes,
})

router.afterEach((to, from) => {
  const t = i18n.global.t
  const { setting, loaded } = useSite()
  const name = () => {
    document.title = `${t(`title.${String(to.meta.title)}`)} · ${setting('site_name') || t('app.name')}`
  }
  name()
  void loaded.then(() => {
    if (router.currentRoute.value.fullPath === to.fullPath) name()
  })
  // Screen readers hear the new page: focus goes to its main landmark, not back to the top of the document.
  if (from.matched.length) void nextTick(() => document.getElementById('main')?.focus({ preventScroll: true }))
})
