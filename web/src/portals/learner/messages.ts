import type { RouteLocationRaw } from 'vue-router'
import type { Schemas } from '../../api/client'

type Message = Schemas['NotifyMessage']

const lesson = (tab: string) => (m: Message) => ({ path: `/learn/${String(m.params.lesson_id)}`, query: { tab } })
const reports = (m: Message) => ({ path: `/learn/${String(m.params.lesson_id)}`, query: { faults: '1' } })
const archive = (m: Message) => ({ path: '/archive', query: { year: String(m.params.year) } })

/** Where a message leads: what it tells of. A test holds this list to the server's templates. */
export const leads: Record<string, RouteLocationRaw | ((m: Message) => RouteLocationRaw)> = {
  'classroom.answered': lesson('questions'),
  'classroom.hidden': lesson('questions'),
  'credit.appeal_granted': lesson('spans'),
  'credit.appeal_refused': lesson('spans'),
  'credit.booked': archive,
  'credit.corrected': archive,
  'credit.deadline': '/courses',
  'fault.mended': reports,
  'fault.objected': m => ({ path: `/provider/lessons/${String(m.params.lesson_id)}/rev/${String(m.params.rev)}`, query: { at: String(m.params.at_ms) } }),
  'fault.objection_answered': m => ({ path: `/bureau/courseware/${String(m.params.lesson_id)}/${String(m.params.rev)}` }),
  'fault.refused': reports,
  'identity.appointed': '/account',
  'identity.correction_approved': '/account',
  'identity.correction_refused': '/account',
  'identity.dismissed': '/account',
  'identity.duties_changed': '/account',
  'identity.new_device': '/account',
  'identity.transfer_approved': '/account',
  'identity.transfer_refused': '/account',
}

/** The route of a message; one this page does not know yet leads to the messages themselves. */
export function leadOf(m: Message): RouteLocationRaw {
  const to = leads[m.template] ?? '/messages'
  return typeof to === 'function' ? to(m) : to
}

/** The parameters of a message as its sentence wants them: hours without ".0". */
export function paramsOf(m: Message): Record<string, unknown> {
  return typeof m.params.hours === 'string' ? { ...m.params, hours: m.params.hours.replace(/\.0$/, '') } : m.params
}
