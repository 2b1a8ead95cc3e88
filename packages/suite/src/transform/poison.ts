import {
  BlockKey,
  type EnvelopeKind,
  mayHoldEnvelope,
  openerOf,
  type Primitives,
  StructPrivateKey,
  someEnvelope,
} from '@acra-ts/crypto'
import { AcraError, BufferSink } from '../foundation/index.ts'
import { type Keystore, wipeKeys } from '../keystore/index.ts'

/** What is told of poison records, for one connection. */
export interface PoisonAlarm {
  /** A poison record is in an answer. Throws where the answer must not go on to the client. */
  found(kind: EnvelopeKind): void
}

/** A poison record was found, and its row must not reach the client. */
export class PoisonError extends AcraError<'poison-record-found'> {}

/**
 * Tells poison records: envelopes that the poison keys open, and that no application ever asks for (spec: acra-envelopes §4). The keys are
 * read once and kept ready; `wipe` overwrites them.
 */
export class PoisonKeys {
  readonly #blockKeys: readonly BlockKey[]
  readonly #structKeys: readonly StructPrivateKey[]
  readonly #scratch = new BufferSink()

  private constructor(blockKeys: readonly BlockKey[], structKeys: readonly StructPrivateKey[]) {
    this.#blockKeys = blockKeys
    this.#structKeys = structKeys
  }

  /** Throws what the keystore throws. A key that does not exist finds nothing. */
  static async read(p: Primitives, keystore: Pick<Keystore, 'keys'>): Promise<PoisonKeys> {
    const symmetric = await keystore.keys({ purpose: 'poison-symmetric', owner: null })
    const blockKeys = symmetric.map(({ secret }) => new BlockKey(p, secret))
    wipeKeys(symmetric)
    const pairs = await keystore.keys({ purpose: 'poison', owner: null })
    const structKeys = pairs.map(({ secret }) => new StructPrivateKey(p, secret))
    wipeKeys(pairs)
    return new PoisonKeys(blockKeys, structKeys)
  }

  /** True where there is no key, so that nothing will ever be found. */
  get isEmpty(): boolean {
    return this.#blockKeys.length === 0 && this.#structKeys.length === 0
  }

  /** The kind of the first poison record in `bytes[start, end)`, wherever it stands: in a container or bare, alone or among other bytes. */
  kindIn(bytes: Uint8Array, start: number, end: number): EnvelopeKind | null {
    if (!mayHoldEnvelope(bytes, start, end)) return null
    const opener = openerOf(this.#blockKeys, this.#structKeys)
    let found: EnvelopeKind | null = null
    someEnvelope(bytes, start, end, (kind, at, envelopeEnd) => {
      if (!opener.open(kind, bytes, at, envelopeEnd, this.#scratch)) return false
      this.#scratch.truncate(0)
      found = kind
      return true
    })
    return found
  }

  wipe(): void {
    for (const key of [...this.#blockKeys, ...this.#structKeys]) key.wipe()
  }
}

/** Looks for poison records in the values of one connection. */
export interface PoisonWatch {
  readonly keys: PoisonKeys
  readonly alarm: PoisonAlarm
}

/** Raises the alarm, and passes on what that throws, where a poison record is in `bytes[start, end)`. */
export function inspect(
  { keys, alarm }: PoisonWatch,
  bytes: Uint8Array,
  start: number,
  end: number,
): void {
  const kind = keys.kindIn(bytes, start, end)
  if (kind !== null) alarm.found(kind)
}
