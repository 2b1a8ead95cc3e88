/** Sentences about what is done to the values of a column. */
import type { ValueUse } from '../../../sql/index.ts'
import type { ColumnSetting } from '../../../transform/index.ts'

/** What stands in the place of a value. */
export function becomes(setting: ColumnSetting, use: ValueUse): string {
  if (use.kind === 'store') return `${storedAs(setting)}${ofEnvelope(setting)}`
  if (use.kind === 'presence') return 'an empty value, or NULL where it is NULL'
  const compared = setting.equality === 'whole' ? 'token' : 'search hash'
  if (use.as === 'value') return `its ${compared}`
  if (use.as === 'forms') return `an array of its ${compared} under each key`
  return `an array of the ${compared} of each element`
}

/** What is stored for a value that is stored already. */
function ofEnvelope({ tokenization, onEnvelope }: ColumnSetting): string {
  if (tokenization !== null) return ''
  return onEnvelope === 'keep'
    ? '; an envelope that opens is kept'
    : '; an envelope is sealed like any value'
}

/** What is stored for a value of the column. */
export function storedAs(setting: ColumnSetting): string {
  const { tokenization, masking, searchable } = setting
  if (tokenization !== null) {
    const kind = tokenization.consistent ? 'a consistent token' : 'a token'
    return `${kind} (${tokenization.type})`
  }
  const envelope = setting.envelope === 'acrastruct' ? 'AcraStruct' : 'AcraBlock'
  if (masking !== null)
    return `${masking.plainSize} bytes in the clear at the ${masking.side}, the others in an ${envelope}`
  return searchable ? `search hash and ${envelope}` : envelope
}

/** What the application gets of a cell. */
export function isRevealedAs({ dataType, tokenization, masking }: ColumnSetting): string {
  const type = dataType ?? tokenization?.type ?? null
  const verb = tokenization === null ? 'decrypted' : 'detokenized'
  const otherwise = masking === null ? '' : ', or masked for whom it cannot be decrypted'
  return `${verb}${type === null ? '' : `, as ${type}`}${otherwise}`
}
