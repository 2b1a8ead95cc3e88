/** WITH: common tables, analysed when they are first needed. */

import type { Context } from './context.ts'
import { use, useAll } from './expressions.ts'
import { areSame, column, type Part, PLAIN } from './items.ts'
import { renameParts } from './relations.ts'
import type { CommonTables, Scope } from './scope.ts'
import { mergeBranches } from './set-operations.ts'
import {
  type CommonTableExpr,
  complete,
  type Node,
  type SelectStmt,
  stringsOf,
  type WithClause,
} from './tree.ts'

/** The scope with the common tables of `clause` in it. All of them are analysed, used or not: they may change data. */
export function withTables(clause: WithClause | undefined, context: Context, outer: Scope): Scope {
  if (clause === undefined) return outer
  const { ctes = [], recursive = false, location, ...rest } = clause
  complete(rest)
  const tables = ctes.map((node) => ('CommonTableExpr' in node ? node.CommonTableExpr : {}))
  const level = new WithLevel(tables, recursive, context, outer)
  level.analyzeAll()
  return { relations: [], qualifiedOnly: [], tables: level, outer }
}

class WithLevel implements CommonTables {
  readonly #tables: readonly CommonTableExpr[]
  readonly #recursive: boolean
  readonly #context: Context
  readonly #outer: Scope
  /** What is known of each table; the first branch of one that is being analysed and refers to itself. */
  readonly #parts = new Map<CommonTableExpr, readonly Part[]>()
  readonly #started = new Set<CommonTableExpr>()
  /** The index of the first table of a name. */
  readonly #indexes = new Map<string, number>()
  /** The tables before this one are visible, in WITH without RECURSIVE. */
  #visible = 0

  constructor(
    tables: readonly CommonTableExpr[],
    recursive: boolean,
    context: Context,
    outer: Scope,
  ) {
    this.#tables = tables
    this.#recursive = recursive
    this.#context = context
    this.#outer = outer
    for (const [index, { ctename = '' }] of tables.entries())
      if (!this.#indexes.has(ctename)) this.#indexes.set(ctename, index)
  }

  analyzeAll(): void {
    for (const table of this.#tables) {
      this.#partsOf(table)
      this.#visible++
    }
  }

  find(name: string): readonly Part[] | null {
    this.#context.findings.budget.steps()
    const index = this.#indexes.get(name)
    const isVisible = index !== undefined && (this.#recursive || index < this.#visible)
    return isVisible ? this.#partsOf(this.#tables[index]) : (this.#outer.tables?.find(name) ?? null)
  }

  #partsOf(table: CommonTableExpr): readonly Part[] {
    const known = this.#parts.get(table)
    if (known !== undefined) return known
    if (this.#started.has(table)) {
      this.#context.findings.refuse(null, {
        message: `the common table ${table.ctename} refers to itself in a way that acra-server does not follow`,
        hint: 'Write it as a first query UNION ALL a recursive one.',
      })
      return []
    }
    this.#started.add(table)
    const parts = this.#analyze(table)
    this.#parts.set(table, parts)
    return parts
  }

  #analyze(table: CommonTableExpr): readonly Part[] {
    const {
      ctename = '',
      aliascolnames,
      ctematerialized,
      ctequery,
      search_clause,
      cycle_clause,
      location,
      ...rest
    } = table
    const {
      cterecursive,
      cterefcount,
      ctecolnames,
      ctecoltypes,
      ctecoltypmods,
      ctecolcollations,
      ...others
    } = rest
    complete(others)
    if (ctequery === undefined) return []
    const names = stringsOf(aliascolnames)
    const named = (parts: readonly Part[]) =>
      names.length === 0 ? [...parts] : renameParts(parts, names, ctename, this.#context)
    const scope: Scope = { relations: [], qualifiedOnly: [], tables: this, outer: this.#outer }
    const parts = this.#recursive
      ? this.#analyzeRecursive(table, ctequery, scope, named)
      : named(this.#context.giving(ctequery, scope))
    return [...parts, ...this.#addedColumns(table, parts, scope)]
  }

  /** `first UNION ALL second`, where the second may refer to the table: what the first gives is what the table has. */
  #analyzeRecursive(
    table: CommonTableExpr,
    query: Node,
    scope: Scope,
    named: (parts: readonly Part[]) => Part[],
  ): Part[] {
    const select = 'SelectStmt' in query ? query.SelectStmt : null
    if (select === null || !isRecursive(select)) return named(this.#context.giving(query, scope))
    const first = this.#context.query({ SelectStmt: select.larg ?? {} }, scope)
    let parts = named(first)
    // What the recursive query gives may be more than the first, and from round to round more: until it is the same.
    for (;;) {
      this.#parts.set(table, parts)
      const second = this.#context.query({ SelectStmt: select.rarg ?? {} }, scope)
      const found = named(mergeBranches(first, second, select, this.#context))
      if (areSame(found, parts)) return parts
      parts = found
    }
  }

  /** SEARCH and CYCLE compare columns and add some of their own. */
  #addedColumns(table: CommonTableExpr, parts: readonly Part[], scope: Scope): Part[] {
    const { search_clause: search, cycle_clause: cycle } = table
    if (search === undefined && cycle === undefined) return []
    const inside = {
      relations: [{ name: table.ctename ?? null, schema: null, parts, isTable: false }],
      qualifiedOnly: [],
      tables: scope.tables,
      outer: null,
    }
    const place = {
      ...this.#context,
      scope: inside,
      clause: search === undefined ? 'CYCLE' : 'SEARCH',
    }
    const compared = [...stringsOf(search?.search_col_list), ...stringsOf(cycle?.cycle_col_list)]
    for (const name of compared)
      use({ ColumnRef: { fields: [{ String: { sval: name } }] } }, place, 'a comparison')
    const values = [cycle?.cycle_mark_value, cycle?.cycle_mark_default].filter(
      (value) => value !== undefined,
    )
    useAll(values, place)
    const added = [search?.search_seq_column, cycle?.cycle_mark_column, cycle?.cycle_path_column]
    return added.filter((name) => name !== undefined).map((name) => column(name, PLAIN))
  }
}

/** True for the one form in which a query may refer to itself: nothing but two branches. */
function isRecursive({ op, larg, rarg, all, limitOption, ...others }: SelectStmt): boolean {
  return op === 'SETOP_UNION' && Object.keys(others).length === 0
}
