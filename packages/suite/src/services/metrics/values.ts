import type { EnvelopeKind } from '@acra-ts/crypto'
import type { Counter, Registry } from '../../observe/index.ts'
import type { TokenType } from '../../transform/index.ts'

const STATUS = ['success', 'fail']
const ENVELOPES = ['acrastruct', 'acrablock', 'acrastruct_searchable', 'acrablock_searchable']
const TOKEN_TYPES = ['Int32', 'Int64', 'String', 'Bytes', 'Email']
/** In the order of their labels. */
const kinds: readonly EnvelopeKind[] = ['acrastruct', 'acrablock']
const tokenTypes: readonly TokenType[] = ['int32', 'int64', 'str', 'bytes', 'email']

/** Counts values that are protected and revealed, under the names of the original. spec: observability §2 */
export class ValueMetrics {
  readonly #structDecryptions: readonly Counter[]
  readonly #structEncryptions: readonly Counter[]
  readonly #decryptions: readonly Counter[]
  readonly #encryptions: readonly Counter[]
  readonly #tokenizations: readonly Counter[]
  readonly #detokenizations: readonly Counter[]

  constructor(registry: Registry) {
    const values = { status: STATUS, type: ENVELOPES }
    const tokens = { status: STATUS, token_type: TOKEN_TYPES }
    this.#structDecryptions = registry.counters(
      'acra_acrastruct_decryptions_total',
      'number of AcraStruct decryptions',
      { status: STATUS },
    )
    this.#structEncryptions = registry.counters(
      'acra_api_encryptions_total',
      'number of encryptions data to AcraStruct',
      { status: STATUS },
    )
    this.#decryptions = registry.counters(
      'acra_decryptions_total',
      'number of decryptions AcraStruct/AcraBlock',
      values,
    )
    this.#encryptions = registry.counters(
      'acra_encryptions_total',
      'number of encryptions AcraStruct/AcraBlock',
      values,
    )
    this.#tokenizations = registry.counters(
      'acra_tokenizations_total',
      'number of tokenizations for token_type',
      tokens,
    )
    this.#detokenizations = registry.counters(
      'acra_detokenizations_total',
      'number of detokenizations for token_type',
      tokens,
    )
  }

  /** A value was opened, or none of the client's keys opens it. */
  decrypted(kind: EnvelopeKind, success: boolean, isSearchable = false): void {
    this.#decryptions[envelopeIndex(kind, success, isSearchable)]!.add(1)
    if (kind === 'acrastruct') this.#structDecryptions[success ? 0 : 1]!.add(1)
  }

  /** A value was sealed, or could not be. */
  encrypted(kind: EnvelopeKind, success: boolean, isSearchable = false): void {
    this.#encryptions[envelopeIndex(kind, success, isSearchable)]!.add(1)
    if (kind === 'acrastruct') this.#structEncryptions[success ? 0 : 1]!.add(1)
  }

  /** A value was given a token, or could not be. */
  tokenized(type: TokenType, success: boolean): void {
    this.#tokenizations[tokenIndex(type, success)]!.add(1)
  }

  /** A token was turned into its value, or was answered as it is. */
  detokenized(type: TokenType, success: boolean): void {
    this.#detokenizations[tokenIndex(type, success)]!.add(1)
  }
}

function envelopeIndex(kind: EnvelopeKind, success: boolean, isSearchable: boolean): number {
  const row = success ? 0 : ENVELOPES.length
  return row + (isSearchable ? kinds.length : 0) + kinds.indexOf(kind)
}

function tokenIndex(type: TokenType, success: boolean): number {
  return (success ? 0 : tokenTypes.length) + tokenTypes.indexOf(type)
}
