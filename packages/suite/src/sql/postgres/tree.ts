/**
 * PostgreSQL's raw parse tree as libpg-query gives it: a node is an object with one key, its kind. Fields that are zero, false or
 * empty are left out, a `location` of 0 too.
 */
import type { Node, RawStmt } from 'libpg-query'

export type * from 'libpg-query'

export interface Tree {
  readonly version?: number
  readonly stmts?: readonly RawStmt[]
}

/** Every kind of node. */
export type Kind = KeyOf<Node>
type KeyOf<N> = N extends unknown ? keyof N : never

/** What a node of a kind holds. */
export type BodyOf<K extends Kind> = Extract<Node, Record<K, unknown>>[K &
  keyof Extract<Node, Record<K, unknown>>]

/** The kind of a node and what it holds. */
export function partsOf(node: Node): [kind: string, body: object] {
  for (const [kind, body] of Object.entries(node)) return [kind, body]
  return ['', {}]
}

/** The text of a String node, null for every other kind. */
export function stringOf(node: Node | undefined): string | null {
  return node !== undefined && 'String' in node ? (node.String.sval ?? '') : null
}

/** The texts of a list of String nodes; other nodes are left out. */
export function stringsOf(nodes: readonly Node[] | undefined): string[] {
  const texts: string[] = []
  for (const node of nodes ?? []) {
    const text = stringOf(node)
    if (text !== null) texts.push(text)
  }
  return texts
}

/** A qualified name: the last part, and the part before it. A database's name in front is left out. */
export function qualifiedName(nodes: readonly Node[] | undefined): {
  schema: string | null
  name: string
} {
  const parts = stringsOf(nodes)
  return { schema: parts.at(-2) ?? null, name: parts.at(-1) ?? '' }
}

/** True for `u.*`, `(row).*` and `*`: in a list it stands for a number of columns. */
export function isStar(node: Node): boolean {
  const steps =
    'ColumnRef' in node
      ? node.ColumnRef.fields
      : 'A_Indirection' in node
        ? node.A_Indirection.indirection
        : []
  const last = steps?.at(-1)
  return last !== undefined && 'A_Star' in last
}

/**
 * Compiles only where a destructuring has named every field of a node: `const { a, b, ...rest } = node; complete(rest)`. So no part of
 * a statement is left out by accident, now or with a later parser.
 */
export function complete<T extends object>(_rest: [keyof T] extends [never] ? T : never): void {}
