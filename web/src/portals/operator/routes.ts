import type { RouteRecordRaw } from 'vue-router'

export default [
  {
    path: '/operator',
    component: () => import('./OperatorPortal.vue'),
    meta: { login: true, bare: true },
    children: [
      { path: '', name: 'desk', component: () => import('./pages/DeskPage.vue'), meta: { title: 'desk' } },
      {
        path: 'settings',
        name: 'settings',
        component: () => import('./pages/SettingsPage.vue'),
        meta: { title: 'settings' },
      },
      {
        path: 'gateways',
        name: 'gateways',
        component: () => import('./pages/GatewaysPage.vue'),
        meta: { title: 'gateways' },
      },
      { path: 'sites', name: 'sites', component: () => import('./pages/SitesPage.vue'), meta: { title: 'sites' } },
    ],
  },
] satisfies RouteRecordRaw[]
