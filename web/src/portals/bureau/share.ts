/** A part of a whole in per cent, whole numbers; of nothing there is none. */
export const percent = (part: number, whole: number) => (whole > 0 ? Math.round((part * 100) / whole) : null)
