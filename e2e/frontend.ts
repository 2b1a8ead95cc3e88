/** Messages of a PostgreSQL client, one builder each: https://www.postgresql.org/docs/18/protocol-message-formats.html */

/** A value of a Bind message: bytes and their format (0 text, 1 binary); null for NULL. */
export type Value = { readonly format: 0 | 1; readonly bytes: Buffer } | null

/** The StartupMessage of protocol 3.0. */
export function startup(parameters: Readonly<Record<string, string>>): Buffer {
  const pairs = Object.entries(parameters).flatMap(([name, value]) => [text(name), text(value)])
  return sized(int32(196608), ...pairs, Buffer.of(0))
}

/** The CancelRequest for a connection's BackendKeyData. */
export function cancelRequest(key: Buffer): Buffer {
  return sized(int32(80877102), key)
}

export const message = {
  query: (sql: string) => typed('Q', text(sql)),
  /** A text in another encoding than UTF-8. */
  queryBytes: (sql: Buffer) => typed('Q', sql, Buffer.of(0)),
  /** A name of bytes is one in another encoding than UTF-8. */
  parse: (sql: string, { name = '' as string | Buffer, oids = [] as readonly number[] } = {}) =>
    typed('P', text(name), text(sql), int16(oids.length), ...oids.map(int32)),
  bind: (
    values: readonly Value[] = [],
    { portal = '', statement = '', results = 0 as 0 | 1 } = {},
  ) =>
    typed(
      'B',
      text(portal),
      text(statement),
      int16(values.length),
      ...values.map((value) => int16(value?.format ?? 0)),
      int16(values.length),
      ...values.flatMap((value) =>
        value ? [int32(value.bytes.length), value.bytes] : [int32(-1)],
      ),
      int16(1),
      int16(results),
    ),
  describe: (kind: 'S' | 'P', name = '') => typed('D', Buffer.from(kind), text(name)),
  execute: ({ portal = '', maxRows = 0 } = {}) => typed('E', text(portal), int32(maxRows)),
  close: (kind: 'S' | 'P', name: string | Buffer) => typed('C', Buffer.from(kind), text(name)),
  sync: () => typed('S'),
  flush: () => typed('H'),
  terminate: () => typed('X'),
  /** Arguments and result in text format. */
  functionCall: (oid: number, args: readonly string[]) =>
    typed(
      'F',
      int32(oid),
      int16(0),
      int16(args.length),
      ...args.flatMap((arg) => [int32(Buffer.byteLength(arg)), Buffer.from(arg)]),
      int16(0),
    ),
  copyData: (bytes: Buffer) => typed('d', bytes),
  copyDone: () => typed('c'),
  copyFail: (reason: string) => typed('f', text(reason)),
}

/** Reads big-endian numbers and byte strings one after the other. */
export class ByteReader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  int16(): number {
    this.#at += 2
    return this.#bytes.readInt16BE(this.#at - 2)
  }

  int32(): number {
    this.#at += 4
    return this.#bytes.readInt32BE(this.#at - 4)
  }

  bytes(size: number): Buffer {
    this.#at += size
    return this.#bytes.subarray(this.#at - size, this.#at)
  }
}

function typed(type: string, ...parts: readonly Buffer[]): Buffer {
  return Buffer.concat([Buffer.from(type), sized(...parts)])
}

function sized(...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts)
  return Buffer.concat([int32(body.length + 4), body])
}

function text(value: string | Buffer): Buffer {
  return Buffer.concat([Buffer.from(value), Buffer.of(0)])
}

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeInt16BE(value)
  return bytes
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}
