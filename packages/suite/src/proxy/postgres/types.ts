import type { ColumnSetting, DataType } from '../../transform/index.ts'
import {
  decodeParameterDescription,
  type FieldType,
  Oid,
  retypeParameterDescription,
  retypeRowDescription,
} from '../../wire/postgres/index.ts'
import type { ColumnTable } from '../columns.ts'
import type { ParameterSlot } from '../plan.ts'
import type { Answer } from './answer.ts'
import { codecOf, isGivenAsArray } from './values.ts'

/** What a type is announced as; bytes are what the database has anyway. */
function announced(type: DataType): FieldType {
  if (type === 'str') return { oid: Oid.text, size: -1 }
  return codecOf(type) ?? { oid: Oid.bytea, size: -1 }
}

/** A RowDescription in which the protected columns have the type of their plain values; null where nothing changes. */
export function announceResults(
  bytes: Buffer,
  start: number,
  end: number,
  answer: Answer,
  columns: ColumnTable,
): Buffer | null {
  return retypeRowDescription(bytes, start, end, (index, typeOid, count) =>
    typeOid === Oid.bytea ? typeOf(answer.settings(count, columns)[index]) : null,
  )
}

/** The same for the parameters of a statement, without those that are copies of the client's. */
export function announceParameters(
  bytes: Buffer,
  start: number,
  end: number,
  parameters: ReadonlyMap<number, ParameterSlot>,
): Buffer | null {
  const oids = decodeParameterDescription(bytes, start, end)
  const copies = [...parameters.values()].filter(({ copyOf }) => copyOf !== undefined).length
  const typeIn = (i: number) => {
    const slot = parameters.get(i + 1)
    if (slot === undefined) return null
    const type = typeOf(slot.column.setting)
    // What a function is given is a text, whatever the column holds.
    if (slot.use.made !== undefined) return Oid.text
    if (oids[i] === Oid.bytea) return type?.oid ?? null
    if (oids[i] !== Oid.byteaArray) return null
    return isGivenAsArray(slot.use) ? arrayOid(type) : (type?.oid ?? Oid.bytea)
  }
  return retypeParameterDescription(bytes, start, end, typeIn, copies)
}

/** The array of a type that values are announced as; those of bytea are what the database has anyway. */
function arrayOid(type: FieldType | null): number | null {
  return type?.oid === Oid.text ? Oid.textArray : null
}

function typeOf(setting: ColumnSetting | null): FieldType | null {
  const dataType = setting?.dataType ?? null
  return dataType === null ? null : announced(dataType)
}
