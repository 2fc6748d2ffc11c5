/** Captions while they are edited: times in milliseconds, always in order of their beginning. */
export interface EditCue {
  id: number
  from: number
  to: number
  text: string
}

let last = 0
const cue = (from: number, to: number, text: string): EditCue => ({ id: ++last, from, to, text })

const pad = (n: number, w = 2) => String(n).padStart(w, '0')

/** 00:12:46.500, as WebVTT writes it. */
export function stamp(ms: number) {
  const t = Math.max(0, Math.round(ms))
  return `${pad(Math.floor(t / 3600_000))}:${pad(Math.floor(t / 60_000) % 60)}:${pad(Math.floor(t / 1000) % 60)}.${pad(t % 1000, 3)}`
}

/** Milliseconds of "12:46.5", "01:02:03" or "7.25"; undefined when it is no time. */
export function readStamp(text: string): number | undefined {
  const m = /^(?:(?:(\d{1,2}):)?(\d{1,3}):)?(\d{1,5})(?:[.,](\d{1,3}))?$/.exec(text.trim())
  if (!m) return undefined
  const [, h, min, s, f] = m
  if (min !== undefined && Number(s) > 59) return undefined
  return Number(h ?? 0) * 3600_000 + Number(min ?? 0) * 60_000 + Number(s) * 1000 + Number((f ?? '').padEnd(3, '0') || 0)
}

/** The cues of a WebVTT (or SubRip) text; what is none is left out: the server says what is wrong with a file. */
export function readCues(text: string): EditCue[] {
  const out: EditCue[] = []
  for (const block of text.replace(/^\ufeff/, '').replaceAll('\r\n', '\n').split(/\n{2,}/)) {
    const lines = block.split('\n'),
      i = lines.findIndex(l => l.includes('-->'))
    if (i < 0) continue
    const [from, to] = lines[i]!.split('-->').map(s => readStamp(s.trim().split(/\s/)[0]!))
    const said = lines.slice(i + 1).join('\n').trim()
    if (from !== undefined && to !== undefined && to > from && said) out.push(cue(from, to, said))
  }
  return out.sort(order)
}

const order = (a: EditCue, b: EditCue) => a.from - b.from || a.to - b.to

/** A blank line would end a cue, and an arrow would begin one. */
const inner = (text: string) => text.replaceAll('-->', '→').split('\n').map(l => l.trim()).filter(Boolean).join('\n')

export interface Written {
  vtt: string
  /** Line of the file (from 1) where each cue's times stand. */
  lines: number[]
}

/** The WebVTT of cues, and the lines where they stand. */
export function writeCues(cues: EditCue[]): Written {
  const lines: number[] = []
  let vtt = 'WEBVTT\n',
    at = 2
  for (const c of cues) {
    const text = inner(c.text)
    lines.push(at + 1)
    vtt += `\n${stamp(c.from)} --> ${stamp(c.to)}\n${text}\n`
    at += 2 + Math.max(1, text.split('\n').length)
  }
  return { vtt, lines }
}

/** The cue that a line of the written file belongs to: its index, or -1. */
export const cueOfLine = (lines: number[], line: number) => lines.filter(l => l <= line).length - 1

/** The cue shown at a time, or undefined. */
export const cueAt = (cues: EditCue[], ms: number) => cues.find(c => c.from <= ms && ms < c.to)

/** Adds an empty cue at a time: until the next one begins, three seconds at most. */
export function addCue(cues: EditCue[], at: number, duration: number): [EditCue[], EditCue] {
  const next = cues.find(c => c.from > at)
  const added = cue(at, Math.max(at + 500, Math.min(at + 3000, next?.from ?? duration, duration)), '')
  return [[...cues, added].sort(order), added]
}

/** Splits a cue in two where the cursor stands in its text; the time is shared as the text is. */
export function splitCue(cues: EditCue[], id: number, cursor: number): [EditCue[], EditCue | undefined] {
  const c = cues.find(x => x.id === id)
  if (!c || c.to - c.from < 200) return [cues, undefined]
  const at = cursor > 0 && cursor < c.text.length ? cursor : Math.ceil(c.text.length / 2)
  const share = c.text.length ? at / c.text.length : 0.5
  const middle = Math.round(c.from + (c.to - c.from) * Math.min(0.9, Math.max(0.1, share)))
  const second = cue(middle, c.to, c.text.slice(at).trim())
  const first = { ...c, to: middle, text: c.text.slice(0, at).trim() }
  return [[...cues.map(x => (x.id === id ? first : x)), second].sort(order), second]
}

/** Joins a cue with the one after it. */
export function joinCue(cues: EditCue[], id: number): EditCue[] {
  const i = cues.findIndex(x => x.id === id),
    a = cues[i],
    b = cues[i + 1]
  if (!a || !b) return cues
  return [...cues.slice(0, i), { ...a, to: Math.max(a.to, b.to), text: `${a.text}\n${b.text}`.trim() }, ...cues.slice(i + 2)]
}

/** Changes a cue; a time that would turn it around moves its other end along. */
export function setCue(cues: EditCue[], id: number, change: Partial<Omit<EditCue, 'id'>>): EditCue[] {
  return cues
    .map(c => {
      if (c.id !== id) return c
      const n = { ...c, ...change }
      if (n.to <= n.from) {
        if (change.to !== undefined) n.from = Math.max(0, n.to - (c.to - c.from))
        else n.to = n.from + (c.to - c.from)
      }
      return n
    })
    .sort(order)
}

export const dropCue = (cues: EditCue[], id: number) => cues.filter(c => c.id !== id)

/** What is wrong with a cue, before the server says it; empty = nothing. */
export function wrongCue(c: EditCue, duration: number): '' | 'time' | 'beyond' | 'empty' {
  if (!inner(c.text)) return 'empty'
  if (c.to <= c.from) return 'time'
  return duration && c.from >= duration ? 'beyond' : ''
}
