/** The names in a query of Kysely: which column is an encrypted one. */
import type { EncryptedColumn } from '../encrypted-column.ts'

/** The encrypted columns by table, as both are called in the database: `{ customers: { email } }`. */
export type EncryptedTables = Readonly<
  Record<string, Readonly<Record<string, EncryptedColumn<unknown>>>>
>

/** A node of a query. */
export interface Node {
  readonly kind: string
  readonly [part: string]: unknown
}

/** What a query's names mean. */
export interface Known {
  readonly tables: EncryptedTables
  /** The tables of the query, by the names that columns are qualified with. */
  readonly qualifiers: ReadonlyMap<string, string>
  /** The encrypted columns by the names they can have in results. */
  readonly results: ReadonlyMap<string, EncryptedColumn<unknown>>
}

export function known(query: Node, tables: EncryptedTables): Known {
  const qualifiers = new Map<string, string>()
  const results = new Map<string, EncryptedColumn<unknown>>()
  const names = { tables, qualifiers, results }
  const nodes = [...nodesOf(query)]
  for (const node of nodes) {
    if (node.kind === 'TableNode') addTable(tableName(node), tableName(node))
  }
  // Behind the tables: a reference names an alias as if it were a table.
  const aliases = nodes.filter(isAlias)
  for (const { node, alias } of aliases) {
    if (node.kind === 'TableNode') addTable(identifier(alias), tableName(node))
  }
  for (const { node, alias } of aliases) {
    const column = columnOf(node, names, null)
    if (column !== null) results.set(identifier(alias), column)
  }
  return names

  function addTable(qualifier: string, table: string): void {
    qualifiers.set(qualifier, table)
    for (const [name, column] of Object.entries(columnsOf(tables, table))) results.set(name, column)
  }
}

/** The encrypted column that a reference means; null where it is another. `table` is the first to be looked in where none is named. */
export function columnOf(
  reference: Node,
  { tables, qualifiers }: Known,
  table: string | null,
): EncryptedColumn<unknown> | null {
  if (reference.kind === 'ColumnNode') {
    const name = identifier(reference.column)
    const searched = table === null ? [...qualifiers.values()] : [qualifiers.get(table) ?? table]
    return searched.map((one) => columnsOf(tables, one)[name]).find(Boolean) ?? null
  }
  if (reference.kind !== 'ReferenceNode') return null
  const [column, owner] = [reference.column as Node, reference.table as Node | undefined]
  return columnOf(
    column,
    { tables, qualifiers, results: new Map() },
    owner ? tableName(owner) : table,
  )
}

function columnsOf(tables: EncryptedTables, name: string): EncryptedTables[string] {
  return (Object.hasOwn(tables, name) ? tables[name] : undefined) ?? {}
}

function* nodesOf(value: unknown): Generator<Node> {
  if (Array.isArray(value)) for (const one of value) yield* nodesOf(one)
  else if (typeof value === 'object' && value !== null && 'kind' in value) {
    const node = value as Node
    yield node
    if (node.kind === 'ValueNode' || node.kind === 'PrimitiveValueListNode') return
    for (const part of Object.values(node)) yield* nodesOf(part)
  }
}

function isAlias(node: Node): node is Node & { readonly node: Node; readonly alias: Node } {
  return node.kind === 'AliasNode'
}

function tableName(node: Node): string {
  return identifier((node.table as Node).identifier)
}

function identifier(node: unknown): string {
  const { name } = node as { name?: unknown }
  return typeof name === 'string' ? name : ''
}
