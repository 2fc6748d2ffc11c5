import type { RouteRecordRaw } from 'vue-router'

export default [
  {
    path: '/provider',
    component: () => import('./ProviderPortal.vue'),
    meta: { login: true, bare: true },
    children: [
      { path: '', name: 'provider', component: () => import('./pages/DeskPage.vue'), meta: { title: 'providerDesk' } },
      {
        path: 'courses',
        name: 'provider-courses',
        component: () => import('./pages/CoursesPage.vue'),
        meta: { title: 'providerCourses' },
      },
      {
        path: 'courses/:id',
        name: 'provider-course',
        component: () => import('./pages/CoursePage.vue'),
        meta: { title: 'providerCourse' },
      },
      {
        path: 'lessons/:lesson/rev/:rev',
        name: 'provider-report',
        component: () => import('./pages/ReportPage.vue'),
        meta: { title: 'providerReport' },
      },
      {
        path: 'library',
        name: 'provider-library',
        component: () => import('./pages/LibraryPage.vue'),
        meta: { title: 'providerLibrary' },
      },
      {
        path: 'reviews',
        name: 'provider-reviews',
        component: () => import('./pages/ReviewsPage.vue'),
        meta: { title: 'providerReviews' },
      },
      {
        path: 'faults',
        name: 'provider-faults',
        component: () => import('./pages/FaultsPage.vue'),
        meta: { title: 'providerFaults' },
      },
      {
        path: 'learners',
        name: 'provider-learners',
        component: () => import('./pages/LearnersPage.vue'),
        meta: { title: 'providerLearners' },
      },
      {
        path: 'questions',
        name: 'questions',
        component: () => import('./pages/QuestionsPage.vue'),
        meta: { title: 'questions' },
      },
      {
        path: 'staff',
        name: 'provider-staff',
        component: () => import('./pages/StaffPage.vue'),
        meta: { title: 'providerStaff' },
      },
    ],
  },
] satisfies RouteRecordRaw[]
