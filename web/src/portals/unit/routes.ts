import type { RouteRecordRaw } from 'vue-router'

export default [
  {
    path: '/unit',
    component: () => import('./UnitPortal.vue'),
    meta: { login: true, bare: true },
    children: [
      { path: '', component: () => import('./pages/LearnersPage.vue'), meta: { title: 'unitLearners' } },
      { path: 'import', component: () => import('./pages/ImportPage.vue'), meta: { title: 'unitImport' } },
      { path: 'requests', component: () => import('./pages/RequestsPage.vue'), meta: { title: 'unitRequests' } },
    ],
  },
] satisfies RouteRecordRaw[]
