/** The types that PREPARE declares for parameters. */
import type { ValueUse } from '../analysis.ts'
import { qualifiedName, type TypeName } from './tree.ts'

/** True where the client gives an array. */
export function isArrayOfValues(use: ValueUse): boolean {
  return use.kind === 'store' ? use.isArray === true : use.kind === 'search' && use.as === 'array'
}

const DECLARABLE = new Set(['text', 'varchar', 'bpchar', 'bytea', 'int2', 'int4', 'int8'])

/** True for types whose values, as literals, mean what a protected column makes of them. */
export function mayDeclare(type: TypeName, use: ValueUse): boolean {
  const { schema, name } = qualifiedName(type.names)
  const isArray = isArrayOfValues(use)
  const bounds = type.arrayBounds?.length ?? 0
  return (
    (schema === null || schema === 'pg_catalog') &&
    DECLARABLE.has(name) &&
    bounds === (isArray ? 1 : 0)
  )
}
