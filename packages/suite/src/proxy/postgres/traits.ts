import { isUtf8 } from 'node:buffer'
import { type DatabaseTraits, type DataType, dataTypes } from '../../transform/index.ts'
import { Oid, typeCodecs } from '../../wire/postgres/index.ts'

/** Every type with its OID in the server's catalog. */
const identifiers = new Map<number, DataType>(
  dataTypes.map((type) => {
    if (type === 'str') return [Oid.text, type]
    return type === 'bytes' ? [Oid.bytea, type] : [typeCodecs[type].oid, type]
  }),
)

/** PostgreSQL's names (manual, "Identifiers and Key Words" and "The Schema Search Path") and types. */
export const postgresTraits: DatabaseTraits = {
  nameBytesMax: 63,
  typeIdentifiers: identifiers,
  canonical(type, text) {
    if (type === 'bytes') return text
    if (type === 'str') return isUtf8(text) ? text : null
    return typeCodecs[type].canonical(text)
  },
}
