/** For Kysely. Nothing of it is imported: what is here has the form that it takes. */
import type { EncryptedColumn } from '../encrypted-column.ts'
import { SdkError } from '../sdk-error.ts'
import { columnOf, type EncryptedTables, type Known, known, type Node } from './kysely-nodes.ts'

export type { EncryptedTables } from './kysely-nodes.ts'

/** A plugin of Kysely. */
export interface EncryptedPlugin {
  transformQuery<N extends { readonly kind: string }>(args: {
    readonly queryId: object
    readonly node: N
  }): N
  transformResult<R extends { readonly rows: readonly Row[] }>(args: {
    readonly queryId: object
    readonly result: R
  }): Promise<R>
}

type Row = Record<string, unknown>

const equality = ['=', '==', '!=', '<>', 'in', 'not in', 'is distinct from', 'is not distinct from']

/**
 * The plugin that encrypts values of these columns on their way into INSERT and UPDATE, opens them in every result, under an alias too, and compares
 * searchable ones by their search hash (`=`, `<>`, `in` and their like). What it cannot protect (an expression as the value, INSERT of a SELECT) and
 * cannot compare is refused before it is sent: SdkError `NOT_PROTECTED`, `NOT_SEARCHABLE`. In the `sql` tag it sees nothing: there use `protect`,
 * `reveal` and `searchHash` of the column.
 *
 * @example
 * ```ts
 * import { AcraWriter, acra, EncryptedColumn } from '@acra-ts/sdk/node'
 * import { encryptedPlugin } from '@acra-ts/sdk/kysely'
 *
 * const { publicKey } = acra.generateKeyPair()
 * const email = EncryptedColumn.text(acra, { writer: AcraWriter.forClient(acra, publicKey) })
 * // const db = new Kysely({ dialect, plugins: [encryptedPlugin({ customers: { email } })] })
 * const plugin = encryptedPlugin({ customers: { email } })
 * console.log(Object.keys(plugin).join(' ')) // transformQuery transformResult
 * ```
 */
export function encryptedPlugin(tables: EncryptedTables): EncryptedPlugin {
  const queries = new WeakMap<object, Known>()
  return {
    transformQuery({ queryId, node }) {
      const names = known(node as unknown as Node, tables)
      queries.set(queryId, names)
      if (names.results.size === 0) return node
      return edited(node as unknown as Node, names, null) as unknown as typeof node
    },
    async transformResult({ queryId, result }) {
      const names = queries.get(queryId)
      if (names === undefined || names.results.size === 0) return result
      return { ...result, rows: result.rows?.map((row) => revealed(row, names)) }
    },
  }
}

function revealed(row: Row, { results }: Known): Row {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [name, results.get(name)?.reveal(value) ?? value]),
  )
}

/** The node with what is in it protected; `table` is the one that is written to, for the columns named without any. */
function edited(node: Node, names: Known, table: string | null): Node {
  switch (node.kind) {
    case 'InsertQueryNode':
      return insertOf(node, names)
    case 'ColumnUpdateNode': {
      const column = columnOf(node.column as Node, names, table)
      const value = node.value as Node
      return column === null
        ? parts(node, names, table)
        : { ...node, value: protectedNode(value, node.column as Node, column) }
    }
    case 'UpdateQueryNode':
      return parts(node, names, tableOf(node.table))
    case 'BinaryOperationNode':
      return comparisonOf(node, names, table)
    default:
      return parts(node, names, table)
  }
}

function parts(node: Node, names: Known, table: string | null): Node {
  const edit = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(edit)
    const isNode = typeof value === 'object' && value !== null && 'kind' in value
    return isNode ? edited(value as Node, names, table) : value
  }
  // Values are the application's: nothing in them is a node of the query.
  if (node.kind === 'ValueNode' || node.kind === 'PrimitiveValueListNode') return node
  return Object.fromEntries(
    Object.entries(node).map(([name, value]) => [name, edit(value)]),
  ) as Node
}

function insertOf(node: Node, names: Known): Node {
  const table = tableOf(node.into)
  const references = (node.columns ?? []) as readonly Node[]
  const columns = references.map((reference) => columnOf(reference, names, table))
  const rest = parts({ ...node, values: undefined }, names, table)
  const values = node.values as Node | undefined
  if (values === undefined || columns.every((column) => column === null)) {
    return { ...rest, values: values && edited(values, names, table) }
  }
  if (values.kind !== 'ValuesNode') throw notProtected()
  const rows = (values.values as readonly Node[]).map((row) => ({
    ...row,
    values: (row.values as readonly unknown[]).map((value, at) => {
      const column = columns[at]
      if (!column) return value
      if (row.kind === 'PrimitiveValueListNode') return column.protect(value)
      return protectedNode(value as Node, references[at] as Node, column)
    }),
  }))
  return { ...rest, values: { ...values, values: rows } }
}

/** A value, DEFAULT, or the same column of the row that was to be inserted; nothing else is known to be protected. */
function protectedNode(value: Node, reference: Node, column: EncryptedColumn<unknown>): Node {
  if (value.kind === 'ValueNode') return { ...value, value: column.protect(value.value) }
  if (value.kind === 'DefaultInsertValueNode') return value
  const isSame = value.kind === 'ReferenceNode' && nameIn(value.column) === nameIn(reference)
  if (isSame) return value
  throw notProtected()
}

function comparisonOf(node: Node, names: Known, table: string | null): Node {
  const left = node.leftOperand as Node
  const column = columnOf(left, names, table)
  const operator = (node.operator as Node).operator as string
  const right = node.rightOperand as Node
  const isNull = right.kind === 'ValueNode' && right.value === null
  if (column === null || isNull) return parts(node, names, table)
  if (!column.searchable || !equality.includes(operator)) {
    throw new SdkError('NOT_SEARCHABLE', 'an encrypted column cannot be compared like this')
  }
  const immediate = (value: number) => ({ kind: 'ValueNode', value, immediate: true })
  const start = {
    kind: 'FunctionNode',
    func: 'substr',
    arguments: [left, immediate(1), immediate(33)],
  }
  return { ...node, leftOperand: start, rightOperand: hashesOf(right, column) }
}

function hashesOf(node: Node, column: EncryptedColumn<unknown>): Node {
  const hash = (value: unknown) => column.searchHash(value)
  if (node.kind === 'ValueNode') return { ...node, value: hash(node.value) }
  if (node.kind === 'PrimitiveValueListNode') {
    return { ...node, values: (node.values as readonly unknown[]).map(hash) }
  }
  if (node.kind === 'ValueListNode') {
    return { ...node, values: (node.values as readonly Node[]).map((one) => hashesOf(one, column)) }
  }
  throw new SdkError('NOT_SEARCHABLE', 'an encrypted column is compared with values alone')
}

function tableOf(node: unknown): string | null {
  const table = node as Node | undefined
  if (table?.kind === 'AliasNode') return nameIn(table.alias)
  return table?.kind === 'TableNode' ? nameIn((table.table as Node).identifier) : null
}

function nameIn(node: unknown): string | null {
  const { kind, name, column } = (node ?? {}) as Partial<Node>
  if (kind === 'IdentifierNode') return name as string
  return kind === 'ColumnNode' ? nameIn(column) : null
}

function notProtected(): SdkError {
  return new SdkError('NOT_PROTECTED', 'an encrypted column takes values, and no expressions')
}
