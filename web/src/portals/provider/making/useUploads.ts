import type { Upload as Tus } from 'tus-js-client'
import { computed, ref, watch } from 'vue'
import { ApiProblem } from '../../../api/client'
import { Rate } from '../../../courseware/rate'
import { tusUpload, type Target, type Task } from './uploadTask'

const tasks = ref<Task[]>([]),
  ended = ref(0),
  atOnce = 2
const files = new Map<number, File>(),
  running = new Map<number, Tus>()
let last = 0

const active = computed(() => tasks.value.filter(t => t.state === 'sending' || t.state === 'waiting'))

// Closing the window would stop what is on its way: ask first.
const ask = (e: BeforeUnloadEvent) => e.preventDefault()
watch(
  () => active.value.length > 0,
  busy => (busy ? window.addEventListener('beforeunload', ask) : window.removeEventListener('beforeunload', ask)),
)
// Back online, what the network stopped goes on.
window.addEventListener('online', () => {
  for (const t of tasks.value) if (t.state === 'paused' && t.problem?.code === 'network') go(t.key)
})

function next() {
  const free = atOnce - tasks.value.filter(t => t.state === 'sending').length
  for (const t of tasks.value.filter(t => t.state === 'waiting').slice(0, Math.max(0, free))) void send(t)
}

async function send(t: Task) {
  const file = files.get(t.key)!,
    rate = new Rate()
  t.state = 'sending'
  t.problem = undefined
  try {
    const up =
      running.get(t.key) ??
      (await tusUpload(file, t, t.id, {
        known: id => (t.id = id),
        sent: bytes => {
          rate.note(bytes, performance.now())
          t.sent = bytes
          t.speed = rate.speed
        },
        done: () => finish(t, 'done'),
        failed: p => {
          t.problem = p
          if (p.status === 401) window.dispatchEvent(new CustomEvent('session-ended'))
          finish(t, p.status === 0 || p.status === 401 || p.status >= 500 && p.code !== 'media.tools_missing' ? 'paused' : 'refused')
        },
      }))
    running.set(t.key, up)
    if ((t.state as Task['state']) === 'sending') up.start()
  } catch {
    t.problem = new ApiProblem(0, 'network')
    finish(t, 'paused')
  }
}

function finish(t: Task, state: Task['state']) {
  t.state = state
  t.speed = 0
  if (state === 'done' || state === 'refused') {
    running.delete(t.key)
    files.delete(t.key)
  }
  ended.value++
  next()
}

const find = (key: number) => tasks.value.find(t => t.key === key)

/** Puts files into the queue; id names an unfinished upload of the server that the file continues. */
function add(chosen: Iterable<File>, target: Target, id = '') {
  for (const file of chosen) {
    const key = ++last
    files.set(key, file)
    tasks.value.push({ ...target, key, id, name: file.name, bytes: file.size, sent: 0, speed: 0, state: 'waiting' })
  }
  next()
}

function pause(key: number) {
  const t = find(key)
  if (!t || (t.state !== 'sending' && t.state !== 'waiting')) return
  void running.get(key)?.abort()
  t.state = 'paused'
  t.speed = 0
  next()
}

function go(key: number) {
  const t = find(key)
  if (t?.state !== 'paused') return
  t.state = 'waiting'
  next()
}

/** Stops an upload for good; the server forgets it. */
async function giveUp(key: number) {
  const t = find(key),
    up = running.get(key)
  if (!t) return
  tasks.value = tasks.value.filter(x => x.key !== key)
  running.delete(key)
  files.delete(key)
  await up?.abort(true).catch(() => undefined) // the server forgets it by itself after a week
  ended.value++
  next()
}

/** Takes what has ended off the list. */
const clear = (key: number) => {
  tasks.value = tasks.value.filter(t => t.key !== key)
}

/** Uploads of this window: they go on while one walks from page to page. ended counts those that came to an end. */
export const useUploads = () => ({ tasks, active, ended, add, pause, go, giveUp, clear })
