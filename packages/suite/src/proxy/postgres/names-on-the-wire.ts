/** A name of a statement text as the messages of the protocol are decoded: a character per byte. */
export function wireName(name: string): string {
  return Buffer.from(name).toString('latin1')
}

/**
 * True for a name whose characters depend on `client_encoding`: the database converts it before it compares it. When the encoding changes is
 * known too late, as the database reports it at the end of a pipeline.
 */
export function isBeyondAscii(name: string): boolean {
  for (let at = 0; at < name.length; at++) if (name.charCodeAt(at) > 0x7f) return true
  return false
}
