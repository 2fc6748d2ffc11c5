/** A measured number with its unit, as a sentence about a finding holds it. */
export function measure(value: number, unit: string, words: (unit: string) => string | undefined = () => undefined, more = 0): string {
  if (unit === 'ms' && Math.abs(value) >= 1000) return measure(value / 1000, 's', words, more)
  const whole = unit === 'ms' || unit === 'px' || unit === 'kbit/s' || unit === 'Hz' || unit === 'frames' || Math.abs(value) >= 100
  const digits = (whole ? 0 : Math.abs(value) < 1 ? 2 : 1) + more
  const n = String(Number(value.toFixed(digits))).replace(/^-/, '−')
  if (!unit) return n
  return unit === '%' || unit === '‰' ? n + unit : `${n} ${words(unit) ?? unit}`
}

/** A value and the limit it missed, with as many more digits as it takes to tell them apart. */
export function pair(value: number, limit: number, unit: string, words?: (unit: string) => string | undefined): [string, string] {
  for (let more = 0; ; more++) {
    const both: [string, string] = [measure(value, unit, words, more), measure(limit, unit, words, more)]
    if (both[0] !== both[1] || value === limit || more === 3) return both
  }
}
