import type { Shape } from './shape.ts'

/** `text` with every literal replaced by `?`: what a debug log may show. Bytes that are not UTF-8 come out as U+FFFD. */
export function redact(text: Uint8Array, shape: Shape): string {
  const bytes = Buffer.from(text.buffer, text.byteOffset, text.byteLength)
  let shown = ''
  let at = 0
  for (const literal of shape.literals) {
    shown += `${bytes.toString('utf8', at, literal.start)}?`
    at = literal.end
  }
  return shown + bytes.toString('utf8', at)
}
