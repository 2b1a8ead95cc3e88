import { BufferSink, type Soon, soon } from '../../foundation/index.ts'
import type { ValueUse } from '../../sql/index.ts'
import { type Access, type ColumnSetting, TransformError } from '../../transform/index.ts'
import {
  type ArrayElements,
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
import type { ClientAccess, TextEncoding } from './client-access.ts'
import { ambiguousSearch, RefusedError, unprotectable, unreadableArray } from './refusal.ts'
import { storedForm } from './stored-values.ts'
import {
  isGivenAsArray,
  isStoredAsText,
  ofType,
  parameterInPlace,
  plainOfBinary,
  plainOfText,
  storedParameterType,
} from './values.ts'

/*
 * Values that are compared with protected columns: each becomes what the compared part of a stored value may be, in one form for each
 * key that is in use.
 */

/** True where a value is written as an array: of its own forms, or of those of its elements. */
export function isWrittenAsArray(use: ValueUse): boolean {
  return isGivenAsArray(use) || (use.kind === 'search' && use.as === 'forms')
}

/** The forms of one plain value, at least one. Throws RefusedError where there is no key. */
export function formsOf(
  plain: Uint8Array,
  { column, setting }: PlannedColumn,
  access: Access,
): Soon<readonly Uint8Array[]> {
  if (column.search === null)
    throw new TypeError('the analysis compares a column that cannot be searched')
  const failed = (error: unknown): never => {
    if (!(error instanceof TransformError)) throw error
    throw new RefusedError(unprotectable(setting, error.message), { cause: error })
  }
  try {
    const forms = column.search.forms(plain, access)
    return forms instanceof Promise ? forms.catch(failed) : forms
  } catch (error) {
    return failed(error)
  }
}

/** The one form of a value. Throws RefusedError where it has several: where only one can be written. */
export function formOf(
  plain: Uint8Array,
  planned: PlannedColumn,
  access: Access,
): Soon<Uint8Array> {
  return soon(formsOf(plain, planned, access), (forms) => {
    if (forms.length > 1) throw new RefusedError(ambiguousSearch(planned.setting))
    return forms[0]
  })
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
  const plain = elements.map(
    (element) => element && ofType(setting, () => plainOfText(setting, element, access.encoding)),
  )
  return soon(arrayOf(plain, use, planned, access), (stored) => {
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
  const given =
    isArray && value !== null
      ? arrayIn(value, format)
      : { elementType: declared, elements: [value] }
  if (given === null) throw new RefusedError(unreadableArray(setting))
  const plain = given.elements.map(
    (element) =>
      element &&
      ofType(setting, () => plainIn(setting, element, format, given.elementType, access.encoding)),
  )
  return soon(arrayOf(plain, use, planned, access), (forms) => {
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

function plainIn(
  setting: ColumnSetting,
  element: Buffer,
  format: Format,
  type: number,
  encoding: TextEncoding,
): Buffer {
  return format === BINARY_FORMAT
    ? plainOfBinary(setting, element, type, encoding)
    : plainOfText(setting, element, encoding)
}

/** All forms of all elements, one after the other. */
function arrayOf(
  plain: ArrayElements,
  use: ValueUse,
  planned: PlannedColumn,
  access: Access,
): Soon<(Buffer | null)[]> {
  const isSingle = use.kind === 'search' && use.as === 'array' && use.isSingle
  const stored: (Buffer | null)[] = []
  const from = (start: number): Soon<(Buffer | null)[]> => {
    for (let index = start; index < plain.length; index++) {
      const element = plain[index]
      if (element === null) {
        stored.push(null)
        continue
      }
      const forms =
        use.kind === 'store'
          ? soon(storedElement(element, use, planned, access), (form) => [form])
          : formsOf(element, planned, access)
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

/** What is stored for an element; refused where it is compared too, and may have other forms. */
function storedElement(
  plain: Buffer,
  { isCompared = false }: ValueUse & { kind: 'store' },
  planned: PlannedColumn,
  access: Access,
): Soon<Buffer> {
  const known = isCompared ? formOf(plain, planned, access) : undefined
  return soon(known, () => storedForm(plain, planned, access))
}

function written(setting: ColumnSetting, stored: Buffer, format: Format): Buffer {
  const element = new BufferSink(2 * stored.length + 2)
  element.append(stored)
  parameterInPlace(setting, format, element, 0)
  return element.take()
}
