import type { EntryReader } from './entry-reader.ts'

/** How a masked column is stored and shown. */
export interface Masking {
  /** Stands in the place of what cannot be decrypted. Never empty. */
  readonly pattern: Buffer
  /** How many bytes stay in the clear. */
  readonly plainSize: number
  /** At which end they are. */
  readonly side: 'left' | 'right'
}

const tokenTypes = ['int32', 'int64', 'str', 'bytes', 'email'] as const
export type TokenType = (typeof tokenTypes)[number]

/** How a tokenized column is stored. */
export interface Tokenization {
  readonly type: TokenType
  /** Equal values have the same token. */
  readonly consistent: boolean
}

export const operationKeys: readonly string[] = [
  'searchable',
  'masking',
  'plaintext_length',
  'plaintext_side',
  'token_type',
  'tokenized',
  'consistent_tokenization',
]

/** Reads the options of masking by the rules 13 to 15 of the manual (spec: encryptor-config §3); null where there are none. */
export function readMasking(entry: EntryReader): Masking | null {
  const pattern = entry.text('masking')
  const length = entry.wholeNumber('plaintext_length')
  const side = entry.text('plaintext_side')
  const plainSize = Number(length?.value.replaceAll('_', '') ?? 0)
  if (length !== null && plainSize < 0) {
    entry.problem(length.offset, 'plaintext length cannot be negative', 'plaintext_length')
    return null
  }
  if (!pattern?.value) {
    const asking = side?.value ? side : plainSize > 0 ? length : null
    if (asking !== null) entry.problem(asking.offset, "masking pattern can't be empty", 'masking')
    return null
  }
  if (side?.value !== 'left' && side?.value !== 'right') {
    const text = 'plaintext side must be left or right'
    entry.problem(side?.offset ?? pattern.offset, text, 'plaintext_side')
    return null
  }
  return { pattern: Buffer.from(pattern.value), plainSize, side: side.value }
}

/** Reads the options of tokenization by the rules 3 to 5; null where there are none. */
export function readTokenization(
  entry: EntryReader,
  defaults: { readonly consistentTokenization: boolean; readonly mustSayTokenized: boolean },
): Tokenization | null {
  const given = entry.text('token_type')
  const tokenized = entry.boolean('tokenized')
  const consistent = entry.boolean('consistent_tokenization')
  if (given === null || given.value === '') {
    const asking = (tokenized?.value && tokenized) || (consistent?.value && consistent) || null
    if (asking !== null) {
      const key = asking === tokenized ? 'tokenized' : 'consistent_tokenization'
      entry.problem(asking.offset, `\`${key}\` is provided without \`token_type\``, key)
    }
    return null
  }
  const type = tokenTypes.find((name) => name === given.value)
  if (type === undefined) {
    const text = `${given.value}: unknown token type: must be one of ${tokenTypes.join(', ')}`
    entry.problem(given.offset, text, 'token_type')
    return null
  }
  if (tokenized?.value === false) {
    const text = '`tokenized` is disabled, but `token_type` is provided'
    entry.problem(tokenized.offset, text, 'tokenized')
  }
  if (tokenized === null && defaults.mustSayTokenized) {
    const text = 'does nothing in 0.90 without "tokenized: true": write that too, or leave it out'
    entry.problem(given.offset, text, 'token_type')
  }
  return { type, consistent: consistent?.value ?? defaults.consistentTokenization }
}
