import { nodePrimitives } from '@acra-ts/crypto/node'
import { BufferSink, type Soon } from '../../foundation/index.ts'
import type { TokenStore } from '../../tokens/index.ts'
import { KeysInUse, type KeysInUseOptions } from '../keys-in-use.ts'
import type { ColumnSetting, DatabaseTraits } from '../settings/index.ts'
import type { Access, Column, TokenUse } from '../transform.ts'
import type { MemoryKeystore } from './memory-keystore.ts'

/** Keys in use over a keystore, with a clock that stands still. */
export function keysOf(
  keystore: MemoryKeystore,
  options: Partial<KeysInUseOptions> = {},
): KeysInUse {
  return new KeysInUse({
    keystore,
    primitives: nodePrimitives,
    clientsMax: 100,
    now: () => 0,
    ...options,
  })
}

export function accessOf(
  clientId: string,
  keystore: MemoryKeystore,
  options: Partial<Access> = {},
): Access {
  return {
    clientId,
    keys: keysOf(keystore),
    observer: null,
    poison: null,
    tokens: null,
    ...options,
  }
}

/** Tokens in a store, on a clock that stands still unless `now` says otherwise. */
export function tokensIn(
  store: TokenStore,
  now: () => number = () => 1_700_000_000,
  restores = false,
): TokenUse {
  return { store, now, random: (size) => nodePrimitives.random(size), restores }
}

/** A column of the table `users`, by default a plain one. */
export function settingOf(options: Partial<ColumnSetting> = {}): ColumnSetting {
  return {
    table: 'users',
    column: 'email',
    onUnprotected: 'refuse',
    clientId: null,
    envelope: 'acrablock',
    reencryptsToAcraBlock: true,
    onEnvelope: 'keep',
    searchable: false,
    masking: null,
    tokenization: null,
    equality: 'none',
    dataType: null,
    onFail: 'ciphertext',
    ...options,
  }
}

/** The protected form of `plain`; for keys that are at hand. */
export function protect(column: Column, plain: Uint8Array | string, access: Access): Buffer {
  const out = new BufferSink()
  atOnce(column.protect(Buffer.from(plain), access, out))
  return out.take()
}

/** The plain form of `stored`, null where it comes back as it was; for keys that are at hand. */
export function reveal(
  column: Pick<Column, 'reveal'>,
  stored: Uint8Array,
  access: Access,
): Buffer | null {
  const out = new BufferSink()
  const revealed = atOnce(column.reveal(stored, access, out))
  if (!revealed && out.length > 0) throw new Error('something was appended for a value that stays')
  return revealed ? out.take() : null
}

/** A value that must not be late. */
export function atOnce<T>(value: Soon<T>): T {
  if (value instanceof Promise) throw new Error('a promise where the keys are at hand')
  return value
}

/** A database in which 20 and 23 are integers, and any other text is a value of any other type. */
export function traitsOf(): DatabaseTraits {
  return {
    nameBytesMax: 63,
    typeIdentifiers: new Map([
      [20, 'int64'],
      [23, 'int32'],
    ]),
    canonical: (type, text) =>
      type.startsWith('int') && !/^-?\d+$/.test(text.toString()) ? null : text,
  }
}
