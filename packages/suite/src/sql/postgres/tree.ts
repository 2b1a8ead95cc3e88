/** PostgreSQL's raw parse tree as libpg-query gives it: every node an object with one key, its kind. Fields that are zero, false or empty are left out. */
import type { Node, RawStmt } from 'libpg-query'

export type { Node, RawStmt }

export interface Tree {
  readonly version?: number
  readonly stmts?: readonly RawStmt[]
}
