import { nearest } from '../../options/index.ts'
import { type ColumnDefaults, readColumn } from './column-entry.ts'
import type { DatabaseTraits } from './database-traits.ts'
import type { ColumnSetting, TablePlaces, TableSetting } from './encryptor-config.ts'
import { type EntryReader, labelBy, type Read } from './entry-reader.ts'

const tableKeys = ['table', 'schema', 'columns', 'encrypted']

/** `name` or `schema.name`; a part that contains a dot stands in double quotes, as in SQL. */
const qualifiedName = /^(?:("(?:[^"]|"")+"|[^".]+)\.)?("(?:[^"]|"")+"|[^".]+)$/

/** What tables take from elsewhere. */
export interface TableDefaults {
  readonly column: ColumnDefaults
  readonly database: DatabaseTraits
}

/** Reads one entry of `schemas`; null where it has no usable name. */
export function readTable(entry: EntryReader, defaults: TableDefaults): Read<TableSetting> | null {
  entry.refuseUnknown(tableKeys)
  const name = readTableName(entry, defaults.database.nameBytesMax)
  const columns = readColumnList(entry, defaults.database.nameBytesMax)
  const encrypted = readEncrypted(entry, name?.value.name ?? '', defaults)
  if (columns !== null) refuseUnlisted(entry, encrypted, columns)
  if (name === null) return null
  const settings = encrypted.map(({ value }) => [value.column, value] as const)
  const places = placesOf(entry, name.offset, encrypted)
  const value = { ...name.value, columns, protected: new Map(settings), places }
  return { value, offset: name.offset }
}

function placesOf(
  entry: EntryReader,
  table: number,
  encrypted: readonly Read<ColumnSetting>[],
): TablePlaces {
  const columns = encrypted.map(({ value, offset }) => [value.column, entry.place(offset)] as const)
  return {
    table: entry.place(table),
    columns: entry.place(entry.offsetOf('columns')),
    protected: new Map(columns),
  }
}

function readTableName(
  entry: EntryReader,
  bytesMax: number,
): Read<{ schema: string | null; name: string }> | null {
  const table = entry.text('table')
  if (table === null || table.value === '') {
    entry.problem(table?.offset ?? entry.offsetOf('table'), 'the table has no name', 'table')
    return null
  }
  const parts = qualifiedName.exec(table.value)
  if (parts === null) {
    const text =
      'must be "name" or "schema.name"; a part with a dot in it is written in double quotes'
    entry.problem(table.offset, text, 'table')
    return null
  }
  const name = { value: unquoted(parts[2]), offset: table.offset }
  const inName = parts[1] === undefined ? null : { ...table, value: unquoted(parts[1]) }
  const apart = entry.text('schema')
  if (apart !== null && inName !== null && apart.value !== inName.value) {
    const text = `"${apart.value}" differs from the schema in the table's name, "${inName.value}"`
    entry.problem(apart.offset, text, 'schema')
  }
  const schema = apart ?? inName
  if (schema !== null) checkName(entry, 'schema', schema, bytesMax)
  checkName(entry, 'table', name, bytesMax)
  return { value: { schema: schema?.value ?? null, name: name.value }, offset: table.offset }
}

function unquoted(part: string): string {
  return part.startsWith('"') ? part.slice(1, -1).replaceAll('""', '"') : part
}

/** The listed names, without the wrong ones; null where there is no list. */
function readColumnList(entry: EntryReader, bytesMax: number): readonly string[] | null {
  const texts = entry.texts('columns')
  if (texts === null || texts.length === 0) return null
  const columns = new Set<string>()
  for (const text of texts) {
    if (columns.has(text.value)) {
      entry.problem(text.offset, `column "${text.value}" is listed twice`, 'columns')
    } else if (checkName(entry, 'columns', text, bytesMax)) {
      columns.add(text.value)
    }
  }
  return [...columns]
}

function readEncrypted(
  table: EntryReader,
  tableName: string,
  defaults: TableDefaults,
): readonly Read<ColumnSetting>[] {
  const columns = new Map<string, Read<ColumnSetting>>()
  for (const item of table.list('encrypted')?.items ?? []) {
    if (item.kind !== 'map') {
      table.problem(item.offset, 'every item must be a map with the key "column"', 'encrypted')
      continue
    }
    const entry = table.inner(item, labelBy('column', item))
    const name = readColumnName(entry, defaults.database.nameBytesMax)
    const value = readColumn(
      entry,
      tableName,
      name?.value ?? '',
      defaults.column,
      defaults.database,
    )
    if (name === null) continue
    if (columns.has(name.value)) {
      entry.problem(name.offset, 'the column is listed twice in "encrypted"')
    } else {
      columns.set(name.value, { value, offset: name.offset })
    }
  }
  return [...columns.values()]
}

function readColumnName(entry: EntryReader, bytesMax: number): Read<string> | null {
  const name = entry.text('column')
  if (name === null || name.value === '') {
    const text = 'invalid encryptor config: the column has no name'
    entry.problem(name?.offset ?? entry.offsetOf('column'), text, 'column')
    return null
  }
  return checkName(entry, 'column', name, bytesMax) ? name : null
}

function refuseUnlisted(
  table: EntryReader,
  encrypted: readonly Read<ColumnSetting>[],
  columns: readonly string[],
): void {
  const listed = new Set(columns)
  for (const { value, offset } of encrypted) {
    if (listed.has(value.column)) continue
    const meant = nearest(value.column, listed)
    const remedy = meant === null ? '' : `, did you mean "${meant}"?`
    table.problem(offset, `column "${value.column}" is not in the table's "columns"${remedy}`)
  }
}

/** Tells what is wrong with a name of a schema, table or column. */
function checkName(entry: EntryReader, key: string, name: Read<string>, bytesMax: number): boolean {
  if (name.value === '') entry.problem(name.offset, 'a name is empty', key)
  else if (Buffer.byteLength(name.value) > bytesMax) {
    entry.problem(name.offset, `"${name.value}" is longer than ${bytesMax} bytes`, key)
  } else return true
  return false
}
