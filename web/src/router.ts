import { nextTick } from 'vue'
import { createRouter, createWebHistory } from 'vue-router'
import { i18n } from './locales'

export const router = createRouter({
  history: createWebHistory(),
  scrollBehavior: (_to, _from, saved) => saved ?? { top: 0 },
  routes: [
    {
      path: '/',
      name: 'home',
      component: () => import('./portals/learner/pages/HomePage.vue'),
      meta: { title: 'home', login: true },
    },
    {
      path: '/courses',
      name: 'courses',
      component: () => import('./portals/public/pages/CoursesPage.vue'),
      meta: { title: 'courses' },
    },
    {
      path: '/courses/:id',
      name: 'course',
      component: () => import('./portals/public/pages/CoursePage.vue'),
      meta: { title: 'course' },
    },
    {
      path: '/learn/:id',
      name: 'lesson',
      component: () => import('./portals/learner/pages/LessonPage.vue'),
      meta: { title: 'lesson', login: true, bare: true },
    },
    {
      path: '/archive',
      name: 'archive',
      component: () => import('./portals/learner/pages/ArchivePage.vue'),
      meta: { title: 'archive', login: true },
    },
    {
      path: '/account',
      name: 'account',
      component: () => import('./portals/learner/pages/AccountPage.vue'),
      meta: { title: 'account', login: true },
    },
    {
      path: '/login',
      name: 'login',
      component: () => import('./portals/public/pages/LoginPage.vue'),
      meta: { title: 'login' },
    },
    {
      path: '/register',
      name: 'register',
      component: () => import('./portals/public/pages/RegisterPage.vue'),
      meta: { title: 'register' },
    },
    {
      path: '/reset',
      name: 'reset',
      component: () => import('./portals/public/pages/ResetPage.vue'),
      meta: { title: 'reset' },
    },
    {
      path: '/start',
      name: 'start',
      component: () => import('./portals/public/pages/StartPage.vue'),
      meta: { title: 'start' },
    },
    {
      path: '/help',
      name: 'help',
      component: () => import('./portals/public/pages/HelpPage.vue'),
      meta: { title: 'help' },
    },
    {
      path: '/operator',
      name: 'desk',
      component: () => import('./portals/operator/pages/DeskPage.vue'),
      meta: { title: 'desk', login: true },
    },
    {
      path: '/:rest(.*)*',
      name: 'missing',
      component: () => import('./portals/public/pages/MissingPage.vue'),
      meta: { title: 'missing' },
    },
  ],
})

router.afterEach((to, from) => {
  const t = i18n.global.t
  document.title = `${t(`title.${String(to.meta.title)}`)} · ${t('app.name')}`
  // Screen readers hear the new page: focus goes to its main landmark, not back to the top of the document.
  if (from.matched.length) void nextTick(() => document.getElementById('main')?.focus({ preventScroll: true }))
})
