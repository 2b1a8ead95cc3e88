/** Refusals that several parts of the analysis share. */
import type { ProtectedColumn } from '../analysis.ts'
import type { Context, Place } from './context.ts'
import { nameOf } from './findings.ts'
import { qualifiedName, type TypeName } from './tree.ts'

const AS_IT_IS =
  'Select the column as it is, or test it by IS NULL or count(); compare and compute in the application.'

/** Refuses a use of a protected column. */
export function refuseUse(
  column: ProtectedColumn,
  place: Place,
  how: string,
  hint: string = AS_IT_IS,
): void {
  place.findings.refuse(column, {
    message: `${place.clause} cannot use ${nameOf(column)} in ${how}: the column is protected, the database holds only its encrypted form`,
    hint,
  })
}

export function refuseUnknownCode(what: string, place: Place): void {
  place.findings.refuse(null, {
    message: `${place.clause} gives a value to ${what}, and acra-server does not know what is done with it`,
    hint: 'If it does nothing with protected columns, list it in trusted_functions of the encryptor config.',
  })
}

export function refuseUnsafe(name: string, place: Place): void {
  place.findings.refuse(null, {
    message: `${place.clause} calls ${name}, which runs SQL from a text or reaches tables or files by their names`,
    hint: 'Query the tables directly, or call it on the database without acra-server.',
  })
}

export function refuseNode(what: string, place: Place): void {
  place.findings.refuse(null, {
    message: `${place.clause} has a part that acra-server does not know (${what})`,
    hint: 'Write the statement in another way, or run it on the database without acra-server.',
  })
}

/** EVENT TRIGGER, LANGUAGE, CONVERSION and whatever a later PostgreSQL brings. */
export function refuseKind(kind: string, { findings }: Context): void {
  findings.refuse(null, {
    message: `a statement of this kind (${kind.replace(/Stmt$/, '')}) may change what becomes of a value`,
    hint: 'Run it on the database without acra-server.',
  })
}

/** A text cast to the row type of a protected table is a whole row of values. */
export function checkType(type: TypeName | undefined, place: Place): void {
  const { schema, name } = qualifiedName(type?.names)
  for (const modifier of type?.typmods ?? []) {
    if ('A_Const' in modifier) place.findings.literal(modifier.A_Const.location ?? 0)
  }
  if (schema === 'pg_catalog') return
  const [column] = place.findings.table(schema, name)?.protected.values() ?? []
  if (column === undefined) return
  place.findings.refuse(column, {
    message: `${place.clause} uses the row type of ${column.table}, which has protected columns`,
    hint: 'Write the columns one by one.',
  })
}
