// @vitest-environment happy-dom
import { mount } from '@vue/test-utils'
import { expect, it, vi } from 'vitest'
import { ref } from 'vue'
import { i18n } from '../src/locales'
import RulerTimeline from '../src/player/RulerTimeline.vue'
import { parseThumbs } from '../src/player/thumbs'
import { useSource } from '../src/player/useSource'

const attached = vi.hoisted(() => [] as unknown[][])
vi.mock('../src/player/attachHls', () => ({
  attachHls: async (...args: unknown[]) => {
    attached.push(args.slice(1))
    return { choose: (name: string) => attached.push([name]) > 0, destroy: () => undefined }
  },
}))
const renditions = [
  { name: '360p', audio_only: false },
  { name: '720p', audio_only: false },
  { name: 'audio', audio_only: true },
]
const video = ref({} as HTMLVideoElement)

it('changes the picture in place, and the source for the sound alone', async () => {
  const s = useSource(video, renditions)
  expect(s.choose('720p')).toBe(true) // nothing plays yet: it is only kept
  await s.attach('/media/t/index.m3u8', 5000)
  expect(attached.pop()).toEqual(['/media/t/index.m3u8', 5, '720p', false])
  expect(s.choose('360p')).toBe(true)
  expect(attached.pop()).toEqual(['360p'])
  expect(s.choose('audio')).toBe(false)
  await s.attachAgain(9000)
  expect(attached.pop()).toEqual(['/media/t/index.m3u8', 9, 'audio', true])
  expect(s.choose('')).toBe(false)
  expect(localStorage.getItem('quality')).toBe('')
})

it('keeps the choice on the device, for lessons that have it', () => {
  useSource(video, renditions).choose('720p')
  expect(useSource(video, renditions).quality.value).toBe('720p')
  expect(useSource(video, renditions.slice(0, 1)).quality.value).toBe('')
})

const vtt = 'WEBVTT\n\n00:00:00.000 --> 00:00:10.000\nthumbs.jpg#xywh=0,0,160,90\n\n00:00:10.000 --> 00:00:20.000\nthumbs.jpg#xywh=160,0,160,90\n'

it('reads small pictures and leaves out what it does not understand', () => {
  const thumbs = parseThumbs(vtt + '\n00:20.000 --> 00:30.000\nnonsense\n', '/media/public/m/2/thumbs.vtt')
  expect(thumbs).toHaveLength(2)
  expect(thumbs[1]).toEqual({ from: 10000, to: 20000, url: '/media/public/m/2/thumbs.jpg', x: 160, y: 0, width: 160, height: 90 })
})

it('shows a small picture under the pointer, but none of what is still to come', async () => {
  const props = { duration: 20000, at: 2000, credited: [[0, 12000]], checks: [], thumbs: parseThumbs(vtt, '/thumbs.vtt') }
  const w = mount(RulerTimeline, { props, global: { plugins: [i18n] } })
  vi.spyOn(w.element, 'getBoundingClientRect').mockReturnValue({ left: 0, width: 200 } as DOMRect)
  await w.trigger('pointermove', { clientX: 110 })
  expect(w.get('.thumb i').attributes('style')).toContain('-160px')
  await w.trigger('pointermove', { clientX: 150 })
  expect(w.find('.thumb').exists()).toBe(false)
  await w.trigger('pointermove', { clientX: 20 })
  expect(w.get('.thumb b').text()).toBe('00:02')
  await w.trigger('pointerleave')
  expect(w.find('.thumb').exists()).toBe(false)
})
