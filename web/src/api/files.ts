import { ask } from './client'

/** The content of a chosen file as base64, as JSON bodies carry it. */
export function toBase64(file: Blob): Promise<string> {
  return new Promise((done, fail) => {
    const r = new FileReader()
    r.onload = () => done(String(r.result).replace(/^[^,]*,?/, ''))
    r.onerror = () => fail(r.error ?? new Error('unreadable file'))
    r.readAsDataURL(file)
  })
}

/** A file of the server; the call must be made with parseAs: 'blob'. */
export async function askBlob(call: Promise<{ data?: unknown; error?: unknown; response: Response }>): Promise<Blob> {
  return (await ask(call)) as Blob
}

/** Lets the browser save a file. */
export function save(content: Blob, name: string) {
  const a = document.createElement('a')
  a.href = URL.createObjectURL(content)
  a.download = name
  a.click()
  setTimeout(() => URL.revokeObjectURL(a.href), 10_000)
}
