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
  document.title = `${t(`title.${String(to.meta.title)}`)} · ${useSite().setting('site_name') || t('app.name')}`
  // Screen readers hear the new page: focus goes to its main landmark, not back to the top of the document.
  if (from.matched.length) void nextTick(() => document.getElementById('main')?.focus({ preventScroll: true }))
})
