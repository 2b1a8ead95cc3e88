import type { EnvelopeKind } from '@acra-ts/crypto'
import type { Soon } from '../foundation/index.ts'
import { zoneIdIn, zoneOwner } from './key-owner.ts'
import type { KeyUse, OpeningKeys } from './keys-in-use.ts'

const noKeys: OpeningKeys = { blockKeys: [], structKeys: [], context: new Uint8Array(0) }

/**
 * The keys of a connection in zone mode: what it reads is opened with the keys of the zone whose id was the last to stand in a cell, and
 * with no other; what it writes is sealed as ever (spec: acra-server §12).
 */
export class ZonedKeys implements KeyUse {
  readonly #keys: KeyUse
  readonly #clientId: string
  #zone: string | null = null

  constructor(keys: KeyUse, clientId: string) {
    this.#keys = keys
    this.#clientId = clientId
  }

  /** The zone that is in force; null before the first one. */
  get zone(): string | null {
    return this.#zone
  }

  /** Looks at a cell: a zone with keys that it begins with is in force from here on. */
  look(bytes: Buffer, start: number, end: number): Soon<void> {
    const id = zoneIdIn(bytes, start, end)
    if (id === null || id === this.#zone) return
    const enter = ({ structKeys }: OpeningKeys) => {
      if (structKeys.length > 0) this.#zone = id
    }
    return this.#keys.toOpen(zoneOwner(id), enter, () => {})
  }

  toOpen<R>(
    owner: string,
    next: (keys: OpeningKeys) => Soon<R>,
    onFailure: (kind: EnvelopeKind, error: unknown) => void,
  ): Soon<R> {
    // Keys of other owners are asked for by the settings of a column.
    if (owner !== this.#clientId) return this.#keys.toOpen(owner, next, onFailure)
    if (this.#zone === null) return next(noKeys)
    return this.#keys.toOpen(zoneOwner(this.#zone), next, onFailure)
  }

  toOpenGiven: KeyUse['toOpenGiven'] = (owner, next, onFailure) =>
    this.#keys.toOpenGiven(owner, next, onFailure)
  toSealBlock: KeyUse['toSealBlock'] = (owner, next) => this.#keys.toSealBlock(owner, next)
  toSealStruct: KeyUse['toSealStruct'] = (owner, next) => this.#keys.toSealStruct(owner, next)
  toTokens: KeyUse['toTokens'] = (owner, next) => this.#keys.toTokens(owner, next)
  toHash: KeyUse['toHash'] = (owner, next, onFailure) => this.#keys.toHash(owner, next, onFailure)
}
