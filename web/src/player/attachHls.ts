/** MSE first: `canPlayType(m3u8)` answers "maybe" in Chromium too, so native HLS is only for browsers without MSE (old iPhones). */
export interface Attached {
  refetch(): void
  /** Goes on in another quality from the next segment on; false when this browser can only begin anew. */
  choose(name: string): boolean
  destroy(): void
}

/** The playlist of one rendition stands in a folder of its name beside the playlist of all. */
const inFolder = (url: string, name: string) => (name ? url.replace(/[^/]*$/, `${name}/index.m3u8`) : url)

/**
 * Sealed segments may come from a cache on another host. While it is silent, ours sends the same bytes at the same path: but only
 * when ours answers. A phone without a network has no dead cache, and a city that comes back from an outage must not leave it.
 */
class Cache {
  private missed = 0
  private until = 0
  answered() {
    this.missed = 0
  }
  silent(url: string) {
    if (!this.elsewhere(url) || ++this.missed < 2) return
    void fetch('/healthz', { cache: 'no-store' }).then(
      r => r.ok && this.missed >= 2 && (this.until = Date.now() + 300_000),
      () => (this.missed = 0),
    )
  }
  address(url: string): string {
    return this.elsewhere(url) && Date.now() < this.until ? new URL(url).pathname : url
  }
  private elsewhere(url: string): boolean {
    return new URL(url, location.href).origin !== location.origin
  }
}
const cache = new Cache()
const silences = new Set<string>(['fragLoadError', 'fragLoadTimeOut'])

const comesBack = (_c: unknown, n: number, _t: boolean, r?: { code?: number }) =>
  n < 40 && (!r || r.code === 425 || r.code === 0 || (r.code ?? 0) >= 500)

/** quality '' is automatic. The sound alone is a source of its own: no player leaves the picture out of what it has begun. */
export async function attachHls(
  v: HTMLVideoElement,
  url: string,
  startAt: number,
  quality = '',
  soundOnly = false,
): Promise<Attached> {
  const { default: Hls } = await import('hls.js/light')
  if (Hls.isSupported()) {
    const retry = { maxNumRetry: 40, retryDelayMs: 1500, maxRetryDelayMs: 5000 }
    // 425 means "not released yet": hls.js gives up on 4xx by itself, so it is told to come back.
    const patient = {
      default: {
        maxTimeToFirstByteMs: 15000,
        maxLoadTimeMs: 60000,
        timeoutRetry: retry,
        errorRetry: { ...retry, shouldRetry: comesBack },
      },
    }
    const h = new Hls({
      startPosition: startAt,
      maxBufferLength: 40,
      maxMaxBufferLength: 40,
      backBufferLength: 60,
      capLevelToPlayerSize: true,
      xhrSetup: (xhr, address) => xhr.open('GET', cache.address(address), true),
      fragLoadPolicy: patient,
      keyLoadPolicy: patient,
    })
    h.on(Hls.Events.FRAG_LOADED, () => cache.answered())
    h.on(Hls.Events.ERROR, (_e, d) => {
      if (d.frag && silences.has(d.details) && !d.response?.code) cache.silent(d.frag.url)
      if (d.fatal && d.type === Hls.ErrorTypes.NETWORK_ERROR) h.startLoad()
      else if (d.fatal && d.type === Hls.ErrorTypes.MEDIA_ERROR) h.recoverMediaError()
    })
    const level = (name: string) => (name ? h.levels.findIndex(l => l.url[0]?.includes(`/${name}/`)) : -1)
    h.once(Hls.Events.MANIFEST_PARSED, () => {
      if (quality && !soundOnly) h.loadLevel = level(quality)
    })
    h.loadSource(soundOnly ? inFolder(url, quality) : url)
    h.attachMedia(v)
    return {
      refetch: () => h.startLoad(),
      choose: name => {
        h.nextLevel = level(name)
        return true
      },
      destroy: () => h.destroy(),
    }
  }
  v.src = inFolder(url, quality)
  v.addEventListener(
    'loadedmetadata',
    () => {
      v.currentTime = startAt
    },
    { once: true },
  )
  return {
    refetch: () => undefined,
    choose: () => false,
    destroy: () => {
      v.removeAttribute('src')
      v.load()
    },
  }
}
