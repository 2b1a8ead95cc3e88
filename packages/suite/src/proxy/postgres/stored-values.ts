import { BufferSink, type Soon, soon } from '../../foundation/index.ts'
import { type Access, TransformError } from '../../transform/index.ts'
import { BINARY_FORMAT, type Format } from '../../wire/postgres/index.ts'
import type { PlannedColumn } from '../columns.ts'
import type { ClientAccess } from './client-access.ts'
import { ambiguousSearch, RefusedError, unprotectable } from './refusal.ts'
import { ofType, plainOfBinary, plainOfText, storedOf } from './values.ts'

/** A value for a protected column as it is given. */
export interface GivenValue {
  /** What would be stored, if it is stored already; null for most values, which cannot be. */
  readonly stored: Buffer | null
  /** What it means otherwise. Throws RefusedError for what is none of the column's type. */
  readonly plain: () => Buffer
}

/** Reads a value; `declared` is the type that the client has declared for a parameter, 0 for none. */
export function givenValue(
  { setting }: PlannedColumn,
  value: Buffer,
  format: Format,
  declared: number,
  { encoding }: ClientAccess,
): GivenValue {
  const read = () =>
    format === BINARY_FORMAT
      ? plainOfBinary(setting, value, declared, encoding)
      : plainOfText(setting, value, encoding)
  return { stored: storedOf(setting, value, format), plain: () => ofType(setting, read) }
}

/**
 * Appends what is stored for a value: itself, where it is stored already, else its protected form; refused where it is compared too, and may have
 * other forms. Throws RefusedError where it cannot be protected.
 */
export function protectValue(
  { stored, plain }: GivenValue,
  planned: PlannedColumn,
  access: Access,
  out: BufferSink,
  isCompared = false,
): Soon<void> {
  const kept =
    stored === null ? false : asRefusal(planned, () => planned.column.keep(stored, access, out))
  return soon(kept, (isKept) => {
    const value = isKept ? stored! : plain()
    const known = isCompared ? oneFormOf(formsOf(value, planned, access), planned) : undefined
    return soon(known, () =>
      isKept ? undefined : asRefusal(planned, () => planned.column.protect(value, access, out)),
    )
  })
}

/** What is stored for a value, as bytes of its own. */
export function storedForm(
  given: GivenValue,
  planned: PlannedColumn,
  access: Access,
  isCompared: boolean,
): Soon<Buffer> {
  const out = new BufferSink()
  return soon(protectValue(given, planned, access, out, isCompared), () => out.take())
}

/** The forms of a value that is compared, at least one. Throws RefusedError where there is no key. */
export function comparedForms(
  { stored, plain }: GivenValue,
  planned: PlannedColumn,
  access: Access,
): Soon<readonly Uint8Array[]> {
  const known =
    stored === null ? null : asRefusal(planned, () => searchOf(planned).keptForms(stored, access))
  return soon(known, (forms) => forms ?? formsOf(plain(), planned, access))
}

/** The one form of a value. Throws RefusedError where it has several: where only one can be written. */
export function comparedForm(
  given: GivenValue,
  planned: PlannedColumn,
  access: Access,
): Soon<Uint8Array> {
  return oneFormOf(comparedForms(given, planned, access), planned)
}

function formsOf(
  plain: Uint8Array,
  planned: PlannedColumn,
  access: Access,
): Soon<readonly Uint8Array[]> {
  return asRefusal(planned, () => searchOf(planned).forms(plain, access))
}

function oneFormOf(
  forms: Soon<readonly Uint8Array[]>,
  { setting }: PlannedColumn,
): Soon<Uint8Array> {
  return soon(forms, ([form, ...others]) => {
    if (others.length > 0 || form === undefined) throw new RefusedError(ambiguousSearch(setting))
    return form
  })
}

function searchOf({ column: { search } }: PlannedColumn) {
  if (search === null) throw new TypeError('the analysis compares a column that cannot be searched')
  return search
}

/** What `act` gives; a value that cannot be protected is a refusal. */
function asRefusal<R>({ setting }: PlannedColumn, act: () => Soon<R>): Soon<R> {
  const failed = (error: unknown): never => {
    if (!(error instanceof TransformError)) throw error
    throw new RefusedError(unprotectable(setting, error.message), { cause: error })
  }
  try {
    const done = act()
    return done instanceof Promise ? done.catch(failed) : done
  } catch (error) {
    return failed(error)
  }
}
