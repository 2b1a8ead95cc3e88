/**
 * The original Themis, compiled to WebAssembly, as an oracle. Its loader takes `fetch` for a sign of a browser, and
 * installs handlers that would answer every failing test with the text of its bundle: both are undone here.
 */
import themis from 'wasm-themis'

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
