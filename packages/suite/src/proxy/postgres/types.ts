import type { ColumnSetting, DataType } from '../../transform/index.ts'
import {
  arrayOidOf,
  arrayOids,
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
    return isGivenAsArray(slot.use) ? arrayOid(slot, type) : (type?.oid ?? Oid.bytea)
  }
  return retypeParameterDescription(bytes, start, end, typeIn, copies)
}

/** What an array is announced as: what the text casts it to, or an array of what values are announced as. Null: what the database says. */
function arrayOid({ elementType }: ParameterSlot, type: FieldType | null): number | null {
  const written = elementType === undefined ? undefined : arrayOids[elementType]
  return written ?? arrayOidOf(type?.oid ?? Oid.bytea)
}

function typeOf(setting: ColumnSetting | null): FieldType | null {
  const dataType = setting?.dataType ?? null
  return dataType === null ? null : announced(dataType)
}
