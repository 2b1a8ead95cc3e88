/** Tokens of values that come in requests. spec: acra-translator §4.3, §5; acra-envelopes §7 */
import { BufferSink, outcomeOf, type Soon, soon } from '../../foundation/index.ts'
import type { Logger } from '../../observe/index.ts'
import type { TokenStore } from '../../tokens/index.ts'
import {
  type Access,
  type Column,
  columnFor,
  type KeysInUse,
  type TokenType,
  type TokenUse,
  zoneOwner,
} from '../../transform/index.ts'
import { tokensIn } from '../tokens/index.ts'
import type { Caller } from './caller.ts'
import { failed, OperationError } from './operation-error.ts'

/** Told of every operation on tokens, and whether it was done. */
export interface TokenCounts {
  tokenized(type: TokenType, isDone: boolean): void
  /** A token that stands for nothing counts as not done. */
  detokenized(type: TokenType, isDone: boolean): void
}

export const CANNOT_TOKENIZE = "can't tokenize"
export const CANNOT_DETOKENIZE = "can't detokenize"

const columns: Readonly<Record<TokenType, Column>> = {
  int32: columnOf('int32'),
  int64: columnOf('int64'),
  str: columnOf('str'),
  bytes: columnOf('bytes'),
  email: columnOf('email'),
}

/**
 * Turns values into tokens and back. Equal values of one client, or one zone, and type have one token: a call can be made again. Numbers
 * are decimal text here, texts their UTF-8.
 */
export class Tokens {
  readonly #keys: KeysInUse
  readonly #tokens: TokenUse
  readonly #counts: TokenCounts

  constructor(keys: KeysInUse, store: TokenStore, counts: TokenCounts) {
    this.#keys = keys
    this.#tokens = tokensIn(store)
    this.#counts = counts
  }

  /** The token of a value that is not empty. Throws OperationError, or rejects with it. */
  tokenize(caller: Caller, type: TokenType, value: Buffer): Soon<Buffer> {
    return outcomeOf(
      () => this.#tokenOf(caller, type, value),
      (isDone) => this.#counts.tokenized(type, isDone),
    )
  }

  /** What a token stands for; null where the caller has no such token in use. Throws OperationError, or rejects with it. */
  detokenize(caller: Caller, type: TokenType, token: Buffer): Soon<Buffer | null> {
    return outcomeOf(
      () => this.#valueOf(caller, type, token),
      (isDone, value) => this.#counts.detokenized(type, isDone && value !== null),
    )
  }

  async #tokenOf(caller: Caller, type: TokenType, value: Buffer): Promise<Buffer> {
    if (value.length === 0) throw failed(CANNOT_TOKENIZE)
    const out = new BufferSink(value.length)
    try {
      await columns[type].protect(
        value,
        this.#access(caller, CANNOT_TOKENIZE, () => {}),
        out,
      )
    } catch (error) {
      throw error instanceof OperationError ? error : failed(CANNOT_TOKENIZE, error)
    }
    return out.take()
  }

  #valueOf(caller: Caller, type: TokenType, token: Buffer): Soon<Buffer | null> {
    let failure: unknown
    const out = new BufferSink(token.length)
    const access = this.#access(caller, CANNOT_DETOKENIZE, (error) => {
      failure = error
    })
    return soon(columns[type].reveal(token, access, out), (isKnown) => {
      if (failure !== undefined) throw failed(CANNOT_DETOKENIZE, failure)
      return isKnown ? out.take() : null
    })
  }

  #access(
    { clientId, zoneId }: Caller,
    failure: string,
    tokenFailed: (error: unknown) => void,
  ): Access {
    if (clientId === '') throw new OperationError('client-id-empty', failure)
    const owner = zoneId === '' ? clientId : zoneOwner(zoneId)
    const observer = { ...silent, tokenFailed }
    return { clientId: owner, keys: this.#keys, observer, poison: null, tokens: this.#tokens }
  }
}

const silent = {
  opened() {},
  notOpened() {},
  sealed() {},
  notSealed() {},
  notVerified() {},
  keysFailed() {},
  tokenized() {},
  detokenized() {},
}

/** Says once, when the first token is asked for, that tokens end with the process. */
export function warnOfMemory(store: TokenStore, log: Logger): TokenStore {
  let isTold = false
  const tell = () => {
    if (isTold) return
    isTold = true
    log.warning(
      'Tokens are kept in memory and are lost when the translator stops: name a store with --token_db or --redis_db_tokens',
    )
  }
  return {
    get: (bucket, key) => store.get(bucket, key),
    add(bucket, key, value) {
      tell()
      return store.add(bucket, key, value)
    },
    replace: (bucket, key, value) => store.replace(bucket, key, value),
    scan: (visit) => store.scan(visit),
    close: () => store.close(),
  }
}

function columnOf(type: TokenType): Column {
  return columnFor({
    table: 'request',
    column: type,
    onUnprotected: 'refuse',
    clientId: null,
    envelope: 'acrablock',
    reencryptsToAcraBlock: false,
    searchable: false,
    masking: null,
    tokenization: { type, consistent: true },
    equality: 'whole',
    dataType: null,
    onFail: 'ciphertext',
    onEnvelope: 'keep',
  })
}
