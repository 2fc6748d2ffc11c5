/** A measured number with its unit, as a sentence about a finding holds it. */
export function measure(value: number, unit: string, words: (unit: string) => string | undefined = () => undefined) {
  if (unit === 'ms' && Math.abs(value) >= 1000) return measure(value / 1000, 's', words)
  const digits = unit === 'ms' || unit === 'px' || unit === 'kbit/s' || unit === 'Hz' || unit === 'frames' || Math.abs(value) >= 100 ? 0 : Math.abs(value) < 1 ? 2 : 1
  const n = String(Number(value.toFixed(digits))).replace(/^-/, '−')
  if (!unit) return n
  return unit === '%' || unit === '‰' ? n + unit : `${n} ${words(unit) ?? unit}`
}
