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
    path: '/messages',
    name: 'messages',
    component: () => import('./pages/MessagesPage.vue'),
    meta: { title: 'messages', login: true },
  },
  {
    path: '/account',
    component: () => import('./AccountPortal.vue'),
    meta: { login: true },
    children: [
      { path: '', name: 'account', component: () => import('./pages/AccountPage.vue'), meta: { title: 'account' } },
      { path: 'phone', component: () => import('./pages/PhonePage.vue'), meta: { title: 'phone' } },
      { path: 'correction', component: () => import('./pages/CorrectionPage.vue'), meta: { title: 'correction' } },
      { path: 'transfer', component: () => import('./pages/TransferPage.vue'), meta: { title: 'transfer' } },
      { path: 'requests', component: () => import('./pages/RequestsPage.vue'), meta: { title: 'requests' } },
      { path: 'devices', component: () => import('./pages/DevicesPage.vue'), meta: { title: 'devices' } },
      { path: 'password', component: () => import('./pages/PasswordPage.vue'), meta: { title: 'password' } },
      { path: 'data', component: () => import('./pages/DataPage.vue'), meta: { title: 'data' } },
      { path: 'close', component: () => import('./pages/ClosePage.vue'), meta: { title: 'close' } },
    ],
  },
] satisfies RouteRecordRaw[]
