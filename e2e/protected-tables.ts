/** The corpus's tables and encryptor config, brought to what this version protects: plain encryption. */
import { shapeFile } from './shapes.ts'

/** Tables, the config that goes with them, and what it leaves in the clear. */
export interface Protection {
  readonly name: string
  readonly schema: string
  readonly encryptorConfig: string
  /** Protected by the corpus's config and not by this one, as `table.column`. */
  readonly leftOut: ReadonlySet<string>
}

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
    encryptorConfig: configOf((column) => !leftOut.has(column), false),
  }
}

/** What is unique among tokens, of the search hashes that stand in their place. */
const uniqueTokens = `
CREATE UNIQUE INDEX ON users (substr(ssn, 1, 33));
CREATE UNIQUE INDEX ON payments (substr(account_no, 1, 33), currency);
CREATE UNIQUE INDEX ON "Accounts" (substr("accountNo", 1, 33));
`

/** Everything that the corpus's config asks for, but for tokens: encryption stands in their place. */
export function everythingButTokens(): Protection {
  return {
    name: 'all but tokens',
    schema: allBytea(shapeFile('schema-postgres-protected.sql')) + uniqueTokens,
    leftOut: new Set(),
    encryptorConfig: configOf(() => true, true),
  }
}

function allBytea(protectedSchema: string): string {
  const schema = protectedSchema.replace(
    /^(\s+\S+\s+)(?:text|integer|bigint)\b(.*-- token)/gm,
    '$1bytea$2',
  )
  if (tokenColumns(schema).size > 0) throw new Error('a token column kept its type')
  return schema
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

/** The corpus's config; where not all is asked for, with plain encryption in the place of searching, masks and types, and always in that of tokens. */
function configOf(isKept: (column: string) => boolean, isWhole: boolean): string {
  let table = ''
  const lines = shapeFile('encryptor_config-postgres.yaml')
    .split('\n')
    .flatMap((line) => {
      table = /^ {2}- table: (\S+)/.exec(line)?.[1] ?? table
      const entry = /^( +)- \{ column: (\w+)(.*) \}$/.exec(line)
      if (!entry) return [line]
      const [, indent, column, options = ''] = entry
      if (!isKept(`${table}.${column}`)) return []
      if (isWhole) return [`${indent}- { column: ${column}${withoutToken(options)} }`]
      const type = /data_type: (?:str|bytes)\b/.exec(options)?.[0]
      return [
        `${indent}- { column: ${column}, crypto_envelope: acrablock${type ? `, ${type}` : ''} }`,
      ]
    })
  return lines.join('\n').trimEnd() + unprotectedTables
}

/** Encryption under the token's type; searchable where equal values have equal tokens. */
function withoutToken(options: string): string {
  const token = /token_type: (\w+)/.exec(options)?.[1]
  if (token === undefined) return options
  const type = token === 'email' ? 'str' : token
  const search = /consistent_tokenization: true/.test(options) ? ', searchable: true' : ''
  return `${search}, data_type: ${type}`
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
