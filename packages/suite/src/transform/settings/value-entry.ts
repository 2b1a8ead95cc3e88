import { isBase64 } from '@acra-ts/crypto'
import { type DataType, dataTypeNamed, dataTypes, type OnFail } from '../data-type.ts'
import type { DatabaseTraits } from './database-traits.ts'
import type { EntryReader, Read } from './entry-reader.ts'

/** What a column's entry says of its values as the application sees them. */
export interface ValueOptions {
  readonly dataType: DataType | null
  readonly onFail: OnFail
  /** The keys that the entry gives with a value, for the rules of combinations. */
  readonly given: ReadonlySet<'type' | 'on-fail' | 'default'>
}

const onFailWords = ['ciphertext', 'default_value', 'error'] as const

export const valueKeys: readonly string[] = [
  'data_type',
  'data_type_db_identifier',
  'default_data_value',
  'response_on_fail',
]

/** Reads them, by the rules 6 to 12 of the manual (spec: encryptor-config §3). Problems are told to `entry`. */
export function readValueOptions(entry: EntryReader, database: DatabaseTraits): ValueOptions {
  const word = readOnFail(entry)
  const dataType = readDataType(entry, database)
  const fallback = readDefault(entry, dataType, database)
  const given = new Set<'type' | 'on-fail' | 'default'>()
  if (dataType !== null) given.add('type')
  if (word !== null) given.add('on-fail')
  if (fallback !== null) given.add('default')
  if (fallback !== null && word !== null && word.value !== 'default_value') {
    const text = `default data value is defined, but \`response_on_fail\` operation is not "default" (${word.value})`
    entry.problem(word.offset, text, 'response_on_fail')
  }
  if (word?.value === 'default_value' && fallback === null) {
    const text = '"default_value" needs a default_data_value'
    entry.problem(word.offset, text, 'response_on_fail')
  }
  const onFail = fallback ?? (word?.value === 'error' ? 'error' : 'ciphertext')
  return { dataType, onFail, given }
}

function readOnFail(entry: EntryReader): Read<(typeof onFailWords)[number]> | null {
  const read = entry.text('response_on_fail')
  if (read === null || read.value === '') return null
  const value = onFailWords.find((word) => word === read.value)
  if (value !== undefined) return { value, offset: read.offset }
  const text = `unknown response_on_fail value: '${read.value}': must be "ciphertext", "default_value" or "error"`
  entry.problem(read.offset, text, 'response_on_fail')
  return null
}

function readDataType(entry: EntryReader, database: DatabaseTraits): DataType | null {
  const byName = readNamedType(entry)
  const identifier = entry.wholeNumber('data_type_db_identifier')
  if (identifier === null || Number(identifier.value) === 0) return byName
  const byIdentifier = database.typeIdentifiers.get(Number(identifier.value)) ?? null
  if (entry.text('data_type')?.value) {
    const text = "data_type can't be used along with data_type_db_identifier option"
    entry.problem(identifier.offset, text, 'data_type_db_identifier')
  } else if (byIdentifier === null) {
    const known = [...database.typeIdentifiers].map(([id, type]) => `${id} (${type})`).join(', ')
    const text = `unsupported data_type_db_identifier option "${identifier.value}": must be one of ${known}`
    entry.problem(identifier.offset, text, 'data_type_db_identifier')
  }
  return byIdentifier
}

function readNamedType(entry: EntryReader): DataType | null {
  const read = entry.text('data_type')
  if (read === null || read.value === '' || read.value === 'Unknown') return null
  const dataType = dataTypeNamed(read.value)
  if (dataType !== null) return dataType
  const names = dataTypes.map((name) => `"${name}"`).join(', ')
  const text = `${read.value}: unknown token type: must be one of ${names}`
  entry.problem(read.offset, text, 'data_type')
  return null
}

function readDefault(
  entry: EntryReader,
  dataType: DataType | null,
  database: DatabaseTraits,
): { readonly value: Buffer } | null {
  const read = entry.text('default_data_value')
  if (read === null) return null
  if (dataType === null) {
    if (!entry.text('data_type')?.value) {
      const text = 'default_data_value used without data_type_id: add a data_type'
      entry.problem(read.offset, text, 'default_data_value')
    }
    return null
  }
  const value = defaultOf(read.value, dataType, database)
  if (value === null) {
    const form = dataType === 'bytes' ? 'base64 of bytes' : `a value of ${dataType}`
    entry.problem(read.offset, `invalid default value: must be ${form}`, 'default_data_value')
    return null
  }
  return { value }
}

function defaultOf(text: string, dataType: DataType, database: DatabaseTraits): Buffer | null {
  if (dataType !== 'bytes') return database.canonical(dataType, Buffer.from(text))
  return isBase64(text) ? Buffer.from(text, 'base64') : null
}
