import { BufferSink, type Soon, soon } from '../../foundation/index.ts'
import type { ValueUse } from '../../sql/index.ts'
import type { Access, ColumnSetting } from '../../transform/index.ts'
import {
  BINARY_FORMAT,
  type BinaryArray,
  decodeArrayBinary,
  decodeArrayText,
  encodeArrayBinary,
  encodeArrayText,
  type Format,
  Oid,
  TEXT_FORMAT,
} from '../../wire/postgres/index.ts'
import type { PlannedColumn } from '../columns.ts'
import type { ParameterSlot } from '../plan.ts'
import type { ClientAccess } from './client-access.ts'
import { ambiguousSearch, RefusedError, unreadableArray } from './refusal.ts'
import { comparedForms, type GivenValue, givenValue, storedForm } from './stored-values.ts'
import { isGivenAsArray, isStoredAsText, parameterInPlace, storedParameterType } from './values.ts'

/*
 * Values that are compared with protected columns: each becomes what the compared part of a stored value may be, in one form for each
 * key that is in use.
 */

/** True where a value is written as an array: of its own forms, or of those of its elements. */
export function isWrittenAsArray(use: ValueUse): boolean {
  return isGivenAsArray(use) || (use.kind === 'search' && use.as === 'forms')
}

/** A literal that is an array, from the content of the client's: in the place of a value, or of an array. */
export function arrayLiteral(
  content: Buffer,
  { use, column: planned }: ParameterSlot,
  access: ClientAccess,
): Soon<Buffer> {
  const elements = isGivenAsArray(use) ? decodeArrayText(content) : [content]
  if (elements === null) throw new RefusedError(unreadableArray(planned.setting))
  const { setting } = planned
  const given = elements.map(
    (element) => element && givenValue(planned, element, TEXT_FORMAT, 0, access),
  )
  return soon(arrayOf(given, use, planned, access), (stored) => {
    const array = encodeArrayText(stored.map((form) => form && written(setting, form, TEXT_FORMAT)))
    // A backslash is an escape in E'...', whatever the session says.
    const escaped = array.toString('latin1').replace(/['\\]/g, '\\$&')
    return Buffer.from(` E'${escaped}'`, 'latin1')
  })
}

/** Appends a parameter that is an array, from the client's value, null for NULL; `declared` is the type that the client has declared. */
export function arrayParameter(
  value: Buffer | null,
  format: Format,
  { use, column: planned }: ParameterSlot,
  declared: number,
  access: ClientAccess,
  out: BufferSink,
): Soon<void> {
  const { setting } = planned
  const isArray = isGivenAsArray(use)
  const array =
    isArray && value !== null
      ? arrayIn(value, format)
      : { elementType: declared, elements: [value] }
  if (array === null) throw new RefusedError(unreadableArray(setting))
  const given = array.elements.map(
    (element) => element && givenValue(planned, element, format, array.elementType, access),
  )
  return soon(arrayOf(given, use, planned, access), (forms) => {
    const elements = forms.map((form) => form && written(setting, form, format))
    const elementType =
      storedParameterType(setting) || (isStoredAsText(setting) ? Oid.text : Oid.bytea)
    out.append(
      format === BINARY_FORMAT
        ? encodeArrayBinary({ elementType, elements })
        : encodeArrayText(elements),
    )
  })
}

function arrayIn(value: Buffer, format: Format): BinaryArray | null {
  if (format === BINARY_FORMAT) return decodeArrayBinary(value)
  const elements = decodeArrayText(value)
  return elements === null ? null : { elementType: 0, elements }
}

/** All forms of all elements, one after the other. */
function arrayOf(
  given: readonly (GivenValue | null)[],
  use: ValueUse,
  planned: PlannedColumn,
  access: Access,
): Soon<(Buffer | null)[]> {
  const isSingle = use.kind === 'search' && use.as === 'array' && use.isSingle
  const stored: (Buffer | null)[] = []
  const from = (start: number): Soon<(Buffer | null)[]> => {
    for (let index = start; index < given.length; index++) {
      const element = given[index]
      if (element === null) {
        stored.push(null)
        continue
      }
      const forms =
        use.kind === 'store'
          ? soon(storedForm(element, planned, access, use.isCompared === true), (form) => [form])
          : comparedForms(element, planned, access)
      const add = (known: readonly Uint8Array[]) => {
        if (isSingle && known.length > 1) throw new RefusedError(ambiguousSearch(planned.setting))
        for (const form of known) stored.push(Buffer.from(form))
      }
      if (forms instanceof Promise) {
        return forms.then((known) => {
          add(known)
          return from(index + 1)
        })
      }
      add(forms)
    }
    return stored
  }
  return from(0)
}

function written(setting: ColumnSetting, stored: Buffer, format: Format): Buffer {
  const element = new BufferSink(2 * stored.length + 2)
  element.append(stored)
  parameterInPlace(setting, format, element, 0)
  return element.take()
}
