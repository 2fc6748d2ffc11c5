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
      {
        path: 'availability',
        name: 'bureau-availability',
        component: () => import('./pages/AvailabilityPage.vue'),
        meta: { title: 'availability' },
      },
      {
        path: 'courseware',
        name: 'bureau-courseware',
        component: () => import('./pages/CoursewarePage.vue'),
        meta: { title: 'bureauCourseware' },
      },
      {
        path: 'courseware/:lesson/:rev',
        name: 'bureau-report',
        component: () => import('./pages/ReportPage.vue'),
        meta: { title: 'bureauReport' },
      },
    ],
  },
] satisfies RouteRecordRaw[]
