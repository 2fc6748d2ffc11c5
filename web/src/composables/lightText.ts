/** A piece of light text: what legal texts are written in. There is no HTML in it and none comes out. */
export type Block =
  | { kind: 'h1' | 'h2' | 'p'; text: string }
  | { kind: 'ul' | 'ol'; items: string[] }

const item = { ul: /^[-*]\s+(.*)$/, ol: /^\d{1,2}[.、]\s*(.*)$/ }

/** Reads light text: "# " and "## " headings, "- " and "1. " list items, empty lines between paragraphs. */
export function lightText(source: string): Block[] {
  const out: Block[] = []
  let fresh = true // an empty line came before
  for (const raw of source.replace(/\r\n?/g, '\n').split('\n')) {
    const line = raw.trim()
    if (!line) {
      fresh = true
      continue
    }
    const last = out.at(-1)
    const heading = /^(#{1,2})\s+(.*)$/.exec(line)
    const kind = item.ul.test(line) ? 'ul' : item.ol.test(line) ? 'ol' : 'p'
    if (heading) out.push({ kind: heading[1] === '#' ? 'h1' : 'h2', text: heading[2]! })
    else if (kind !== 'p') {
      const text = item[kind].exec(line)![1]!
      if (last && 'items' in last && last.kind === kind) last.items.push(text)
      else out.push({ kind, items: [text] })
    } else if (last && last.kind === 'p' && !fresh) last.text += line
    else out.push({ kind: 'p', text: line })
    fresh = false
  }
  return out
}

/** Puts settings into their places: {site_name}, {hotline}, {supervision_phone}; unknown names stay as they are. */
export const fillText = (source: string, setting: (key: string) => string) =>
  source.replace(/\{(\w+)\}/g, (whole, key: string) => setting(key) || whole)
