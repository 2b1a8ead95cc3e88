/** A name of a statement text as the messages of the protocol are decoded: a character per byte. */
export function wireName(name: string): string {
  return Buffer.from(name).toString('latin1')
}
