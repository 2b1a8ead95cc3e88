/**
 * What the application knows a protected column as, whatever the database holds. How a value of it stands in messages is
 * the business of the database's own code (`proxy/DB/values.ts`).
 */
export type DataType = 'str' | 'bytes'

/** The types of the original that come with a later version. */
export const laterDataTypes: readonly string[] = ['int32', 'int64']

/** The type that `text` names; null where it names none of this version. */
export function dataTypeNamed(text: string): DataType | null {
  return text === 'str' || text === 'bytes' ? text : null
}
