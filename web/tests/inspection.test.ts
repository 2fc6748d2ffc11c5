import { describe, expect, it } from 'vitest'
import { changedOf, defaultsOf, groupsOf, sheetOf, valuesOf, type Bound, type Values } from '../src/portals/operator/composables/inspectionNumbers'

const bound = (name: string, video: number, slides = video): Bound => ({ name, unit: 'ms', clause: 'R1.6a', min: 0, max: 9, video, slides, optional: false })
const values = { video: { duration_min_s: 180, gap_ms: 200 }, slides: { duration_min_s: 60, gap_ms: 300 }, hour_floor_pct: 90 } as unknown as Values

describe('the inspection limits', () => {
  const groups = groupsOf([bound('duration_min_s', 180, 60), bound('fps_min', 25), bound('sync_early_ms', 45), bound('not_known_yet', 1)], [bound('hour_floor_pct', 90)])
  it('are grouped in the order of the server, none left out', () => {
    expect(groups.map(g => [g.name, g.profiles.length, g.bounds.map(b => b.name).join()])).toEqual([
      ['file', 2, 'duration_min_s,fps_min'], ['sync', 2, 'sync_early_ms,not_known_yet'], ['course', 1, 'hour_floor_pct'],
    ])
  })
  it('go to the form and back unchanged, under the names of the server’s errors', () => {
    expect(sheetOf(values)).toEqual({ 'video.duration_min_s': 180, 'video.gap_ms': 200, 'slides.duration_min_s': 60, 'slides.gap_ms': 300, hour_floor_pct: 90 })
    expect(valuesOf(sheetOf(values))).toEqual(values)
  })
  it('know what changed, and their defaults by profile', () => {
    const old = sheetOf(values)
    expect(changedOf(old, { ...old, 'slides.gap_ms': 250 })).toEqual(['slides.gap_ms'])
    expect(defaultsOf(groups)).toMatchObject({ 'video.duration_min_s': 180, 'slides.duration_min_s': 60, hour_floor_pct: 90 })
  })
})
