/** Hundredths of a percent as "99.95". */
export const share = (hundredths: number) => (hundredths / 100).toFixed(2)

/** Milliseconds as seconds, with as many places as say something: "0.004", "0.35", "2.1". */
export const seconds = (ms: number) => (ms < 100 ? (ms / 1000).toFixed(3) : ms < 1000 ? (ms / 1000).toFixed(2) : (ms / 1000).toFixed(1))
