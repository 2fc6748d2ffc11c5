import type { RouteRecordRaw } from 'vue-router'

export default [
  {
    path: '/courses',
    name: 'courses',
    component: () => import('./pages/CoursesPage.vue'),
    meta: { title: 'courses' },
  },
  {
    path: '/courses/:id',
    name: 'course',
    component: () => import('./pages/CoursePage.vue'),
    meta: { title: 'course' },
  },
  { path: '/login', name: 'login', component: () => import('./pages/LoginPage.vue'), meta: { title: 'login' } },
  {
    path: '/register',
    name: 'register',
    component: () => import('./pages/RegisterPage.vue'),
    meta: { title: 'register' },
  },
  { path: '/reset', name: 'reset', component: () => import('./pages/ResetPage.vue'), meta: { title: 'reset' } },
  { path: '/start', name: 'start', component: () => import('./pages/StartPage.vue'), meta: { title: 'start' } },
  { path: '/help', name: 'help', component: () => import('./pages/HelpPage.vue'), meta: { title: 'help' } },
  {
    path: '/agreement',
    name: 'agreement',
    component: () => import('./pages/LegalPage.vue'),
    meta: { title: 'agreement', document: 'agreement' },
  },
  {
    path: '/privacy',
    name: 'privacy',
    component: () => import('./pages/LegalPage.vue'),
    meta: { title: 'privacy', document: 'privacy' },
  },
  {
    path: '/:rest(.*)*',
    name: 'missing',
    component: () => import('./pages/MissingPage.vue'),
    meta: { title: 'missing' },
  },
] satisfies RouteRecordRaw[]
