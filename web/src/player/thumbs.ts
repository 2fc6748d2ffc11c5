import { shallowRef } from 'vue'
import { parseVtt } from './vtt'

/** A small picture of a stretch of the lesson (ms): a rectangle of a sheet. */
export interface Thumb {
  from: number
  to: number
  url: string
  x: number
  y: number
  width: number
  height: number
}

/** Reads a WebVTT file whose cues name rectangles: "sheet.jpg#xywh=x,y,w,h". */
export function parseThumbs(text: string, base: string): Thumb[] {
  return parseVtt(text).flatMap(c => {
    const m = /^(\S+)#xywh=(\d+),(\d+),(\d+),(\d+)$/.exec(c.text.trim())
    if (!m) return []
    const [x, y, width, height] = m.slice(2).map(Number)
    const url = base.replace(/[^/]*$/, m[1]!)
    return [{ from: c.from * 1000, to: c.to * 1000, url, x: x!, y: y!, width: width!, height: height! }]
  })
}

/** The small pictures of a lesson; none until they are there, and none if there are none. */
export function useThumbs(url: string) {
  const thumbs = shallowRef<Thumb[]>([])
  if (url)
    void fetch(url)
      .then(r => (r.ok ? r.text() : ''))
      .then(s => {
        thumbs.value = parseThumbs(s, url)
      })
      .catch(() => undefined)
  return thumbs
}
