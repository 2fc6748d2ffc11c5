import type { RouteRecordRaw } from 'vue-router'

export default [
  {
    path: '/bureau',
    component: () => import('./BureauPortal.vue'),
    meta: { login: true, bare: true },
    children: [
      {
        path: '',
        name: 'bureau',
        component: () => import('./pages/OverviewPage.vue'),
        meta: { title: 'bureauOverview' },
      },
      {
        path: 'learners',
        name: 'bureau-learners',
        component: () => import('./pages/LearnersPage.vue'),
        meta: { title: 'bureauLearners' },
      },
      {
        path: 'learners/:id',
        name: 'bureau-learner',
        component: () => import('./pages/LearnerPage.vue'),
        meta: { title: 'bureauLearner' },
      },
      {
        path: 'providers',
        name: 'bureau-providers',
        component: () => import('./pages/ProvidersPage.vue'),
        meta: { title: 'bureauProviders' },
      },
    ],
  },
] satisfies RouteRecordRaw[]
