/** What the parts of the analysis hand to each other, so that none of them imports the one that calls it. */
import type { StatementAnalysis } from '../analysis.ts'
import type { Findings } from './findings.ts'
import type { Part } from './items.ts'
import type { Parser } from './parse.ts'
import type { Scope } from './scope.ts'
import type { Node } from './tree.ts'

export interface Context {
  readonly findings: Findings
  readonly parser: Parser
  /** The same for a text inside of this one. */
  readonly within: (findings: Findings) => Context
  /** Analyses a query, or a statement that returns rows, and says what its columns are. */
  readonly query: (node: Node, outer: Scope | null) => Part[]
  /** The same for who follows the values that are given in its columns. */
  readonly giving: (node: Node, outer: Scope) => Part[]
  /** Analyses a statement inside another one: of EXPLAIN, of CREATE SCHEMA. */
  readonly statement: (node: Node) => StatementAnalysis
}

/** Where an expression stands. */
export interface Place extends Context {
  readonly scope: Scope
  /** For messages: `WHERE`, `the SELECT list`. */
  readonly clause: string
  /** The argument of an aggregate: each row is looked at, not the groups that they make. */
  readonly inAggregate?: boolean
}

/**
 * A place in a scope. The fields are written out, as there are many places in a long text and an object that is spread takes far longer to make.
 */
export function placeIn(
  { findings, query, giving, statement, parser, within }: Context,
  scope: Scope,
  clause: string,
): Place {
  return { findings, query, giving, statement, parser, within, scope, clause }
}
