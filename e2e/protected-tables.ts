/** The corpus's tables and encryptor config: all of it, or with plain encryption in the place of every other transformation. */
import { shapeFile } from './shapes.ts'

/** Tables, the config that goes with them, and what it leaves in the clear. */
export interface Protection {
  readonly name: string
  readonly schema: string
  readonly encryptorConfig: string
  /** Protected by the corpus's config and not by this one, as `table.column`. */
  readonly leftOut: ReadonlySet<string>
  /** Columns and views are learned from the database: the config does not list them. */
  readonly isLearned: boolean
  /** Flags of acra-server that the config is made for. */
  readonly flags: readonly string[]
}

/** The plain tables, with all views. */
export const plainSchema =
  shapeFile('schema-postgres-plaintext.sql') + shapeFile('schema-learned.sql')

const unprotectedTables = `
  - table: users
    schema: archive
    columns: [id, email, full_name, nick]
  - table: import_raw
    schema: public
    columns: [id, email, full_name, ssn, age, nick]
  - table: audit_log
    schema: public
    columns: [id, who, what]
`

/** Every column that is bytea in the protected tables; token columns, which keep their type there, are left out. */
export function bytesOnly(): Protection {
  const schema = withoutSearchHashes(shapeFile('schema-postgres-protected.sql'))
  const leftOut = tokenColumns(schema)
  return {
    name: 'bytea columns',
    schema,
    leftOut,
    isLearned: false,
    flags: [],
    encryptorConfig: plainConfig((column) => !leftOut.has(column)),
  }
}

/** Everything that the corpus's config asks for. */
export function everything(): Protection {
  return {
    name: 'every transformation',
    schema: shapeFile('schema-postgres-protected.sql'),
    leftOut: new Set(),
    isLearned: false,
    flags: [],
    encryptorConfig: shapeFile('encryptor_config-postgres.yaml').trimEnd() + unprotectedTables,
  }
}

/** The same with a config that lists no columns, no view and no unprotected table. */
export function learned(): Protection {
  const protection = everything()
  return {
    ...protection,
    name: 'every transformation, by a schema that is learned',
    schema: protection.schema + shapeFile('schema-learned.sql'),
    isLearned: true,
    flags: ['--schema_introspection', '--schema_introspection_user=postgres'],
    encryptorConfig: withoutLists(shapeFile('encryptor_config-postgres.yaml')),
  }
}

/** Without lists of columns, and without the view that ends the file. */
function withoutLists(config: string): string {
  const [tables = ''] = config.split('  # a view over users')
  return tables.replaceAll(/^ {4}columns: .*\n/gm, '')
}

/** Unique indexes of the corpus stand on search hashes; the beginnings of plain envelopes are all alike. */
function withoutSearchHashes(schema: string): string {
  return schema.replaceAll('CREATE UNIQUE INDEX', 'CREATE INDEX')
}

/** Columns that are to hold tokens and are not bytea, as `table.column`. */
function tokenColumns(schema: string): Set<string> {
  const found = new Set<string>()
  let table = ''
  for (const line of schema.split('\n')) {
    table = /^CREATE TABLE "?(\w+)"? \(/.exec(line)?.[1] ?? table
    const column = /^\s+"?(\w+)"?\s+(?:text|integer|bigint)\b.*-- token/.exec(line)?.[1]
    if (column) found.add(`${table}.${column}`)
  }
  return found
}

/** The corpus's config with plain encryption in the place of searching, masks and types. */
function plainConfig(isKept: (column: string) => boolean): string {
  let table = ''
  const lines = shapeFile('encryptor_config-postgres.yaml')
    .split('\n')
    .flatMap((line) => {
      table = /^ {2}- table: (\S+)/.exec(line)?.[1] ?? table
      const entry = /^( +)- \{ column: (\w+)(.*) \}$/.exec(line)
      if (!entry) return [line]
      const [, indent, column, options = ''] = entry
      if (!isKept(`${table}.${column}`)) return []
      const type = /data_type: (?:str|bytes)\b/.exec(options)?.[0]
      return [
        `${indent}- { column: ${column}, crypto_envelope: acrablock${type ? `, ${type}` : ''} }`,
      ]
    })
  return lines.join('\n').trimEnd() + unprotectedTables
}

/**
 * Canaries of records that name protected columns and others beside columns left out: which of the canaries belong to
 * those. In all other records with such a column, all do.
 */
const ofColumnsLeftOut: Readonly<Record<string, readonly string[]>> = {
  'pg-dml-plain-02': ['osprey00022quill'],
  'pg-insert-select-09': ['osprey00352quill'],
  'pg-copy-10': ['1500123287', 'heron01271k', 'osprey01271quill'],
  'pg-copy-29': ['osprey01462quill'],
  'pg-search-90': ['payer.ann'],
  'pg-token-mask-typed-06': ['7001002003004001'],
  'pg-token-mask-typed-07': ['7001002003004001'],
  'own-choice-01': ['osprey98201quill'],
  'own-hunt-19': ['kite136c'],
  'own-insert-select-01': ['910-11-0001'],
  'own-insert-select-05': [],
  'own-values-03': ['943-00-0001'],
  'own-unnest-05': ['7001009505010001', 'payer.heron95051k'],
}

/** The canaries of a record that a configuration may show, because their column is left out of it. */
export function exemptCanaries(
  record: {
    readonly id: string
    readonly protects: readonly string[]
    readonly canaries: readonly string[]
  },
  { leftOut }: Protection,
): readonly string[] {
  if (leftOut.size === 0 || !record.protects.some((column) => leftOut.has(column))) return []
  if (record.protects.every((column) => leftOut.has(column))) return record.canaries
  const canaries = ofColumnsLeftOut[record.id]
  if (!canaries)
    throw new Error(`${record.id} names columns of both kinds: say which canaries belong to which`)
  return canaries
}
