/** Which of several tables of the same name is meant. */
import { isDeepStrictEqual } from 'node:util'

/** A table of which there may be others of its name. */
interface Named {
  /** Null: every schema's table of this name. */
  readonly schema: string | null
  readonly name: string
  readonly columns: readonly string[] | null
  readonly composite?: ReadonlySet<string>
  readonly protected: ReadonlyMap<string, unknown>
  readonly mixed?: ReadonlySet<string>
  readonly mayHide?: boolean
  readonly noUse?: object
  readonly noWriting?: object
}

/** What a name without a schema means. It can stand where `sql` wants an UnqualifiedTable. */
export interface UnqualifiedTable<T> {
  /** Null: a table that the config does not name. Where it is in doubt, one that protects something. */
  readonly table: T | null
  /** The tables, as `schema.name`, of which it may be any, and which are not protected alike; empty where it is certain. */
  readonly doubt: readonly string[]
  /** True where the name may mean another table under another search path. */
  readonly readsPath: boolean
}

/** Tables of one name may stand in several schemas. */
export function tablesByName<T extends Named>(
  tables: readonly T[],
): ReadonlyMap<string, readonly T[]> {
  const byName = new Map<string, T[]>()
  for (const table of tables) {
    const same = byName.get(table.name)
    if (same === undefined) byName.set(table.name, [table])
    else same.push(table)
  }
  return byName
}

/** The entry that stands for the tables of its name in every schema that has no entry of its own. */
export function withoutSchema<T extends Named>(tables: readonly T[]): T | null {
  return tables.find((table) => table.schema === null) ?? null
}

/**
 * What the name of `tables` means under one of `paths`, where null stands for a path that is not known. Whether a table of an entry is
 * really there is not known either: one that protects nothing is not believed to hide one that does.
 */
export function unqualifiedTable<T extends Named>(
  tables: readonly T[],
  paths: readonly (readonly string[] | null)[],
): UnqualifiedTable<T> {
  const readsPath = tables.some(({ schema }) => schema !== null)
  if (!readsPath) return { table: tables[0] ?? null, doubt: [], readsPath }
  const meanings = paths.flatMap((path) =>
    path === null ? ofAnyPath(tables) : ofPath(tables, path),
  )
  const guarded = meanings.filter((table) => table !== null && isGuarded(table))
  const [first = null] = meanings
  const isCertain = meanings.every((table) => areAlike(table, first))
  if (isCertain) return { table: first, doubt: [], readsPath }
  if (guarded.length === 0) return { table: unprotected(meanings), doubt: [], readsPath }
  const doubt = [...new Set(meanings.map((table) => nameOf(table, tables)))]
  return { table: guarded[0] ?? null, doubt, readsPath }
}

/** Where nothing is known, a table that protects something goes before those that do not. */
function ofAnyPath<T extends Named>(tables: readonly T[]): (T | null)[] {
  const guarded = tables.filter(isGuarded)
  return guarded.length > 0 ? guarded : [...tables]
}

/** The first table that there is along the path, and those that are meant where that is not there. */
function ofPath<T extends Named>(tables: readonly T[], path: readonly string[]): (T | null)[] {
  const along = path.flatMap(
    (schema) => tables.find((table) => table.schema === schema) ?? withoutSchema(tables) ?? [],
  )
  const [first] = along
  if (first === undefined) return [null]
  return [first, ...along.filter(isGuarded)]
}

/** True where it makes a difference that a statement means this table and not one that is not known. */
function isGuarded({ protected: columns, mayHide, noUse, noWriting }: Named): boolean {
  return columns.size > 0 || mayHide === true || noUse !== undefined || noWriting !== undefined
}

/** A thousand schemas may have the same tables under one entry: then the settings are the same objects. */
function areSame(one: Named['protected'], other: Named['protected']): boolean {
  const areIdentical =
    one.size === other.size && [...one].every(([name, setting]) => other.get(name) === setting)
  return areIdentical || isDeepStrictEqual(one, other)
}

function areSameNames(one: Named['columns'], other: Named['columns']): boolean {
  if (one === null || other === null) return one === other
  return one.length === other.length && one.every((name, index) => name === other[index])
}

function areAlike(one: Named | null, other: Named | null): boolean {
  if (one === other || one === null || other === null) return one === other
  return (
    areSameNames(one.columns, other.columns) &&
    areSame(one.protected, other.protected) &&
    isDeepStrictEqual(one.composite, other.composite) &&
    isDeepStrictEqual(one.mixed, other.mixed) &&
    one.mayHide === other.mayHide &&
    isDeepStrictEqual(one.noUse, other.noUse) &&
    isDeepStrictEqual(one.noWriting, other.noWriting)
  )
}

/** Of tables that protect nothing: it is known, and its columns only where they are the same. */
function unprotected<T extends Named>(meanings: readonly (T | null)[]): T | null {
  const [first] = meanings.filter((table) => table !== null)
  const isUnlisted = first === undefined || meanings.includes(null)
  return isUnlisted ? null : { ...first, columns: null }
}

function nameOf(table: Named | null, tables: readonly Named[]): string {
  const { schema = null, name } = table ?? { name: tables[0]?.name ?? '' }
  return schema === null ? `${name} of another schema` : `${schema}.${name}`
}
