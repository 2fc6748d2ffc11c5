export interface Cue {
  from: number
  to: number
  text: string
}

/** Reads the cues of a WebVTT file; what it does not understand it leaves out. */
export function parseVtt(text: string): Cue[] {
  const at = (s: string) => s.split(':').reduce((a, p) => a * 60 + Number(p), 0)
  const out: Cue[] = []
  for (const block of text.replaceAll('\r\n', '\n').split(/\n\n+/)) {
    const lines = block.split('\n'),
      i = lines.findIndex(l => l.includes('-->'))
    if (i < 0) continue
    const [from, to] = lines[i]!.split('-->').map(s => at(s.trim().split(' ')[0]!))
    if (Number.isFinite(from) && Number.isFinite(to) && to! > from!)
      out.push({ from: from!, to: to!, text: lines.slice(i + 1).join('\n') })
  }
  return out
}
