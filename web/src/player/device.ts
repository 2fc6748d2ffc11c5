/** The device key: a P-256 key that cannot leave this browser. It signs lease acquisition and check answers. */
const DB = 'xueshi',
  STORE = 'keys'

function open(): Promise<IDBDatabase> {
  return new Promise((done, fail) => {
    const r = indexedDB.open(DB, 1)
    r.onupgradeneeded = () => {
      r.result.createObjectStore(STORE)
      r.result.createObjectStore('beats', { autoIncrement: true })
    }
    r.onsuccess = () => done(r.result)
    r.onerror = () => fail(r.error)
  })
}

/** Runs one request against a store of the page's database. */
export async function store<T>(
  name: string,
  mode: IDBTransactionMode,
  work: (s: IDBObjectStore) => IDBRequest<T>,
): Promise<T> {
  const db = await open()
  return new Promise((done, fail) => {
    const r = work(db.transaction(name, mode).objectStore(name))
    r.onsuccess = () => {
      db.close()
      done(r.result)
    }
    r.onerror = () => {
      db.close()
      fail(r.error)
    }
  })
}

async function keyPair(): Promise<CryptoKeyPair> {
  const kept = await store<CryptoKeyPair | undefined>(STORE, 'readonly', s => s.get('device'))
  if (kept) return kept
  const made = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify'])
  await store(STORE, 'readwrite', s => s.put(made, 'device'))
  return made
}

export const base64url = (b: ArrayBuffer) =>
  btoa(String.fromCharCode(...new Uint8Array(b)))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '')
export const fromBase64url = (s: string) =>
  Uint8Array.from(atob(s.replaceAll('-', '+').replaceAll('_', '/')), c => c.charCodeAt(0))

/** What login and registration send of this device. */
export async function deviceInfo(name: string) {
  const pair = await keyPair()
  const kind = /iPad|Tablet/.test(navigator.userAgent)
    ? ('tablet' as const)
    : /Mobi|Android/.test(navigator.userAgent)
      ? ('phone' as const)
      : ('pc' as const)
  return { public_key: base64url(await crypto.subtle.exportKey('spki', pair.publicKey)), name, kind }
}

/** Signs a message with the device key: r‖s, base64url. */
export async function sign(message: string): Promise<string> {
  const pair = await keyPair()
  return base64url(
    await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, pair.privateKey, new TextEncoder().encode(message)),
  )
}

/** A short name for the device list, from what the browser says of itself. */
export function deviceName(): string {
  const ua = navigator.userAgent
  const os = /Android/.test(ua)
    ? 'Android'
    : /iPhone/.test(ua)
      ? 'iPhone'
      : /iPad/.test(ua)
        ? 'iPad'
        : /Windows/.test(ua)
          ? 'Windows'
          : /Mac/.test(ua)
            ? 'Mac'
            : 'Linux'
  const browser = /Edg\//.test(ua)
    ? 'Edge'
    : /MicroMessenger/.test(ua)
      ? 'WeChat'
      : /Firefox\//.test(ua)
        ? 'Firefox'
        : /Chrome\//.test(ua)
          ? 'Chrome'
          : 'Safari'
  return `${os} · ${browser}`
}
