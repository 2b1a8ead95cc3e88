/**
 * The original Themis, compiled to WebAssembly, as an oracle. Its loader takes `fetch` for a sign of a browser, and
 * installs handlers that would answer every failing test with the text of its bundle: both are undone here.
 */
import themis, { type SecureMessage } from 'wasm-themis'

export async function loadThemis(): Promise<typeof themis> {
  const kept = globalThis.fetch
  const events = ['uncaughtException', 'unhandledRejection'] as const
  const before = events.map((event) => process.listeners(event as never))
  Reflect.deleteProperty(globalThis, 'fetch')
  try {
    await themis.initialize()
  } finally {
    globalThis.fetch = kept
    events.forEach((event, index) => {
      for (const listener of process.listeners(event as never)) {
        if (!before[index].includes(listener)) process.removeListener(event, listener)
      }
    })
  }
  return themis
}

/** Their Secure Message between the owner of `privateKey` and the one of `publicKey`. */
export function theirMessage(privateKey: Uint8Array, publicKey: Uint8Array): SecureMessage {
  const pair = new themis.KeyPair(
    new themis.PrivateKey(privateKey),
    new themis.PublicKey(publicKey),
  )
  return new themis.SecureMessage(pair)
}
