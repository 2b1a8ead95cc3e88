import type { EnvelopeKind } from '@acra-ts/crypto'
import type { EntryReader } from './entry-reader.ts'
import type { Masking, Tokenization } from './operation-entry.ts'
import type { ValueOptions } from './value-entry.ts'

/** Everything in a column's entry that other keys may contradict. */
export interface Combination {
  readonly searchable: boolean
  readonly masking: Masking | null
  readonly tokenization: Tokenization | null
  readonly envelope: EnvelopeKind
  readonly values: ValueOptions
}

/** One rule: what it forbids, the key to blame, and how to mend it. */
interface Rule {
  readonly forbids: (combination: Combination) => boolean
  readonly key: string
  readonly text: string
}

const isText = ({ values: { dataType } }: Combination) =>
  dataType === null || dataType === 'str' || dataType === 'bytes'

/**
 * Which options go together (spec: encryptor-config §4). `reencrypting_to_acrablocks: false` is taken everywhere: it does no harm. The
 * original asks for it to be true.
 */
const rules: readonly Rule[] = [
  {
    forbids: ({ searchable, masking }) => searchable && masking !== null,
    key: 'masking',
    text: 'cannot be used along with "searchable": remove one of them',
  },
  {
    forbids: ({ searchable, tokenization }) => searchable && tokenization !== null,
    key: 'token_type',
    text: 'cannot be used along with "searchable": use "consistent_tokenization: true", by which tokens are found',
  },
  {
    forbids: ({ masking, tokenization }) => masking !== null && tokenization !== null,
    key: 'token_type',
    text: 'cannot be used along with "masking": remove one of them',
  },
  {
    forbids: ({ tokenization, values }) => tokenization !== null && values.given.has('type'),
    key: 'token_type',
    text: 'cannot be used along with "data_type" or "data_type_db_identifier": a token has the type of its value',
  },
  {
    forbids: ({ tokenization, values }) => tokenization !== null && values.given.has('on-fail'),
    key: 'token_type',
    text: 'cannot be used along with "response_on_fail": an unknown token is shown as it is',
  },
  {
    forbids: (all) => all.masking !== null && !isText(all),
    key: 'masking',
    text: 'masking configuration error: data type not supported: must be "str" or "bytes"',
  },
  {
    forbids: ({ masking, envelope, values }) =>
      masking !== null && envelope === 'acrastruct' && values.given.has('type'),
    key: 'masking',
    text: 'cannot be used along with a data type and "crypto_envelope: acrastruct": use "acrablock"',
  },
  {
    forbids: ({ masking, values }) =>
      masking !== null && (values.given.has('on-fail') || values.given.has('default')),
    key: 'masking',
    text: 'cannot be used along with "response_on_fail" or "default_data_value": the pattern is shown instead',
  },
  {
    forbids: ({ searchable, values }) =>
      searchable && values.given.has('default') && !values.given.has('on-fail'),
    key: 'default_data_value',
    text: 'needs "response_on_fail: default_value" in a searchable column',
  },
  {
    forbids: ({ searchable, values }) =>
      !searchable && values.onFail === 'error' && !values.given.has('type'),
    key: 'response_on_fail',
    text: '"error" needs a "data_type" in a column that is not searchable',
  },
]

/** Makes every rule that is broken a problem of its key. */
export function checkCombination(entry: EntryReader, combination: Combination): void {
  for (const { forbids, key, text } of rules) {
    if (forbids(combination)) entry.problem(entry.offsetOf(key), text, key)
  }
}
