import type { RouteRecordRaw } from 'vue-router'

export default [
  {
    path: '/operator',
    component: () => import('./OperatorPortal.vue'),
    meta: { login: true, bare: true },
    children: [
      { path: '', name: 'desk', component: () => import('./pages/DeskPage.vue'), meta: { title: 'desk' } },
      {
        path: 'accounts',
        name: 'operator-accounts',
        component: () => import('./pages/AccountsPage.vue'),
        meta: { title: 'accounts' },
      },
      {
        path: 'availability',
        name: 'operator-availability',
        component: () => import('./pages/AvailabilityPage.vue'),
        meta: { title: 'availability' },
      },
      {
        path: 'requests',
        name: 'operator-requests',
        component: () => import('./pages/RequestsPage.vue'),
        meta: { title: 'requestDesk' },
      },
      {
        path: 'policies',
        name: 'operator-policies',
        component: () => import('./pages/PoliciesPage.vue'),
        meta: { title: 'policies' },
      },
      {
        path: 'inspection',
        name: 'operator-inspection',
        component: () => import('./pages/InspectionPage.vue'),
        meta: { title: 'inspection' },
      },
      {
        path: 'rules',
        name: 'operator-rules',
        component: () => import('./pages/RulesPage.vue'),
        meta: { title: 'rules' },
      },
      {
        path: 'texts',
        name: 'operator-texts',
        component: () => import('./pages/TextsPage.vue'),
        meta: { title: 'texts' },
      },
      {
        path: 'settings',
        name: 'settings',
        component: () => import('./pages/SettingsPage.vue'),
        meta: { title: 'settings' },
      },
      {
        path: 'organisations',
        name: 'operator-organisations',
        component: () => import('./pages/OrganisationsPage.vue'),
        meta: { title: 'organisations' },
      },
      { path: 'sites', name: 'sites', component: () => import('./pages/SitesPage.vue'), meta: { title: 'sites' } },
      {
        path: 'gateways',
        name: 'gateways',
        component: () => import('./pages/GatewaysPage.vue'),
        meta: { title: 'gateways' },
      },
      {
        path: 'audit',
        name: 'operator-audit',
        component: () => import('./pages/AuditPage.vue'),
        meta: { title: 'audit' },
      },
    ],
  },
] satisfies RouteRecordRaw[]
