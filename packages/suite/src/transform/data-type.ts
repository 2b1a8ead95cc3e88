/**
 * What the application knows a protected column as, whatever the database holds. The first four are the original's, the others
 * ours. How a value of it stands in messages is the business of the database's own code (`proxy/DB/values.ts`).
 */
export const dataTypes = [
  'str',
  'bytes',
  'int32',
  'int64',
  'bool',
  'int16',
  'numeric',
  'float32',
  'float64',
  'uuid',
  'date',
  'time',
  'timestamp',
  'timestamptz',
  'json',
  'jsonb',
  'text[]',
] as const
export type DataType = (typeof dataTypes)[number]

/** The type that `text` names; null where it names none. */
export function dataTypeNamed(text: string): DataType | null {
  return dataTypes.find((type) => type === text) ?? null
}

/** What the application gets of a value that cannot be revealed: what is stored, an error, or this value, in its type's text form. */
export type OnFail = 'ciphertext' | 'error' | { readonly value: Buffer }
