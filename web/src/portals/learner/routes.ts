import type { RouteRecordRaw } from 'vue-router'

export default [
  {
    path: '/',
    name: 'home',
    component: () => import('./pages/HomePage.vue'),
    meta: { title: 'home', login: true },
  },
  {
    path: '/learn/:id',
    name: 'lesson',
    component: () => import('./pages/LessonPage.vue'),
    meta: { title: 'lesson', login: true, bare: true },
  },
  {
    path: '/archive',
    name: 'archive',
    component: () => import('./pages/ArchivePage.vue'),
    meta: { title: 'archive', login: true },
  },
  {
    path: '/account',
    name: 'account',
    component: () => import('./pages/AccountPage.vue'),
    meta: { title: 'account', login: true },
  },
] satisfies RouteRecordRaw[]
