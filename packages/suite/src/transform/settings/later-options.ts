import type { EntryReader, Read } from './entry-reader.ts'

/** An option of the original that this version knows and does not have. Only a value that turns it off is accepted. */
interface LaterOption {
  /** Reads the value by its type; null where it is absent, or wrong and already told. */
  readonly read: (entry: EntryReader, key: string) => Read<string | boolean> | null
  /** The value that turns the option off, null where only leaving it away does. */
  readonly off: string | boolean | null
  /** What is wrong with a value that the option would not take either; null where it would. */
  readonly fault: (value: string) => string | null
}

const tokenTypes = ['int32', 'int64', 'str', 'bytes', 'email']

const truth: LaterOption = {
  read: (entry, key) => entry.boolean(key),
  off: false,
  fault: () => null,
}
const text: LaterOption = {
  read: (entry, key) => entry.text(key),
  off: '',
  fault: () => null,
}
const number: LaterOption = {
  read: (entry, key) => entry.wholeNumber(key),
  off: '0',
  fault: () => null,
}

/** Every option of a column that comes with a later version, by key (spec: encryptor-config §2.2; faults: §3). */
export const laterOptions: Readonly<Record<string, LaterOption>> = {
  searchable_prefix: number,
  masking: text,
  plaintext_length: {
    ...number,
    fault: (value) => (value.startsWith('-') ? 'plaintext length cannot be negative' : null),
  },
  plaintext_side: {
    ...text,
    fault: (value) =>
      value === 'left' || value === 'right' ? null : 'plaintext side must be left or right',
  },
  token_type: {
    ...text,
    fault: (value) => (tokenTypes.includes(value) ? null : `${value}: unknown token type`),
  },
  tokenized: truth,
  consistent_tokenization: truth,
  data_type_db_identifier: number,
  default_data_value: { ...text, off: null },
}

/** What can be written instead, where this version has something of the same effect. */
const remedies: Readonly<Record<string, string>> = {
  data_type_db_identifier: 'use "data_type: str" or "data_type: bytes", or remove the option',
}

/** Makes every option that this version does not have, and that asks for something, a problem. */
export function refuseLaterOptions(entry: EntryReader): void {
  for (const [key, option] of Object.entries(laterOptions)) {
    const read = option.read(entry, key)
    if (read === null || read.value === option.off) continue
    const fault = option.fault(String(read.value))
    entry.problem(read.offset, fault ?? `is not in this version yet: ${remedy(key, option)}`, key)
  }
}

function remedy(key: string, option: LaterOption): string {
  if (remedies[key] !== undefined) return remedies[key]
  if (option.off === false) return 'set it to false, or remove it'
  return 'remove the option'
}
