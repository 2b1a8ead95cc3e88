/** What the parameters of a statement are used for. */
import type { Catalog, ProtectedColumn, ValueUse } from '../analysis.ts'

/** What refuses a statement, or notes that it is passed. */
interface Refusing {
  readonly catalog: Catalog
  refuse(column: ProtectedColumn, reason: { readonly message: string; readonly hint: string }): void
}

interface Use {
  readonly number: number
  readonly location: number
  /** Null where no protected value goes. */
  readonly column: ProtectedColumn | null
  readonly use: ValueUse | null
}

export interface ProtectedUse extends Use {
  readonly column: ProtectedColumn
  readonly use: ValueUse
}

/** All uses of all parameters. One that is used in several ways has to be given in several forms, and so far is refused. */
export class ParameterUses {
  readonly #uses: Use[] = []

  add(use: Use): void {
    this.#uses.push(use)
  }

  /** A point to go back to. */
  mark(): () => void {
    const count = this.#uses.length
    return () => this.#uses.splice(count)
  }

  /** The protected parameters, each with the one use that all of its places share. */
  resolve(findings: Refusing): ProtectedUse[] {
    const first = new Map<number, ProtectedUse>()
    for (const use of this.#uses.filter(isProtected)) {
      const known = first.get(use.number)
      if (known === undefined) first.set(use.number, use)
      else if (!isShared(known, use, findings)) refuseTwo(known, use, findings)
    }
    for (const { number, column } of this.#uses) {
      const known = first.get(number)
      if (column === null && known !== undefined) refuseElsewhere(known, findings)
    }
    return [...first.values()]
  }
}

function isProtected(use: Use): use is ProtectedUse {
  return use.column !== null && use.use !== null
}

function isShared(one: ProtectedUse, other: ProtectedUse, { catalog }: Refusing): boolean {
  if (one.use.kind !== other.use.kind) return false
  if (one.use.kind === 'search' && other.use.kind === 'search') {
    const isSameColumn = one.column === other.column
    const isComparable = isSameColumn || catalog.comparable?.(one.column, other.column) === true
    return one.use.as === other.use.as && isComparable
  }
  return one.column === other.column
}

function refuseTwo(one: ProtectedUse, other: ProtectedUse, findings: Refusing): void {
  const isOtherColumn = one.column !== other.column
  findings.refuse(other.column, {
    message: isOtherColumn
      ? `the parameter $${one.number} is given to ${name(one)} and to ${name(other)}, which are protected differently`
      : `the parameter $${one.number} is stored in ${name(one)} and compared with it`,
    hint: 'Use a parameter of its own for each protected column, and for each use of it.',
  })
}

function refuseElsewhere(use: ProtectedUse, findings: Refusing): void {
  findings.refuse(use.column, {
    message: `the parameter $${use.number} is given to ${name(use)} and is used elsewhere in the statement`,
    hint: 'Use a parameter of its own for the protected column.',
  })
}

function name({ column }: ProtectedUse): string {
  return `${column.table}.${column.column}`
}
