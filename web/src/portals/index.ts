import type { RouteRecordRaw } from 'vue-router'
import bureau from './bureau/routes'
import learner from './learner/routes'
import operator from './operator/routes'
import provider from './provider/routes'
import publicRoutes from './public/routes'
import unit from './unit/routes'

export type PortalName = 'unit' | 'provider' | 'bureau' | 'operator'

/** The administrators' portals and the roles that open them. The server decides; this only spares people a refusal. */
export const portals: { name: PortalName; path: string; roles: string[] }[] = [
  { name: 'unit', path: '/unit', roles: ['unit_admin'] },
  { name: 'provider', path: '/provider', roles: ['provider_staff', 'teacher'] },
  { name: 'bureau', path: '/bureau', roles: ['bureau_staff', 'inspector'] },
  { name: 'operator', path: '/operator', roles: ['operator'] },
]

/** The administrators' portals that somebody with these roles may open. */
export const portalsOf = (roles: string[] | null | undefined) =>
  portals.filter(p => p.roles.some(r => roles?.includes(r)))

/** Where somebody with these roles begins: learners at their hours, everybody else at their desk. */
export const homeOf = (roles: string[] | null | undefined) =>
  roles?.includes('learner') ? '/' : (portalsOf(roles)[0]?.path ?? '/')

export const routes: RouteRecordRaw[] = [...learner, ...publicRoutes, ...unit, ...provider, ...bureau, ...operator]
