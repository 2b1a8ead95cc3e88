/** What the parameters of a statement are used for. */
import type { Catalog, ProtectedColumn, ValueUse } from '../analysis.ts'
import type { Span } from './source-text.ts'

/** What refuses a statement, or notes that it is passed, and writes into its text. */
interface Refusing {
  readonly catalog: Catalog
  refuse(column: ProtectedColumn, reason: { readonly message: string; readonly hint: string }): void
  /** True where the text has no parameter of a higher number, and others can be added behind it. */
  mayAddParameters(last: number): boolean
  /** Writes the parameter `number` in the place of one in the text, without these casts. */
  writeParameter(number: number, use: Pick<Use, 'location' | 'at' | 'presence'>): void
}

export interface Use {
  readonly number: number
  readonly location: number
  /** Where it is to be written; null: where it stands. */
  readonly at: Span | null
  /** It is tested for being there and nothing else: its casts. Null elsewhere. */
  readonly presence: readonly Span[] | null
  /** Null where no protected value goes. */
  readonly column: ProtectedColumn | null
  readonly use: ValueUse | null
  /** The type of the elements of an array, as the text has it; null where it has none. */
  readonly elementType: string | null
}

interface ProtectedUse extends Use {
  readonly column: ProtectedColumn
  readonly use: ValueUse
}

/** A protected parameter as the database is given it. */
export interface ResolvedParameter extends ProtectedUse {
  /** The client's parameter that it is once more; null where it is the client's own. */
  readonly copyOf: number | null
}

const PRESENCE: ValueUse = { kind: 'presence' }

/** Uses that one value serves: none of them protected, or all in the same way. */
type Role = [Use, ...Use[]]

/** All uses of all parameters. One that is used in several ways is given once for each: as a parameter of its own behind the client's. */
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

  /** The protected parameters; the text gets the numbers of those that are added. */
  resolve(findings: Refusing): ResolvedParameter[] {
    const last = this.#uses.reduce((highest, { number }) => Math.max(highest, number), 0)
    let added = last
    const resolved: ResolvedParameter[] = []
    for (const [number, roles] of this.#roles(findings)) {
      const isMixed = roles.length > 1 && !areOfOneType(roles)
      const mayAdd = roles.length === 1 || findings.mayAddParameters(last)
      if (isMixed || !mayAdd) refuseRoles(roles, findings)
      if (!mayAdd)
        roles.splice(0, roles.length, roles.find(([use]) => isProtected(use)) ?? roles[0])
      roles.forEach((role, index) => {
        const own = index === 0 ? number : ++added
        for (const use of role)
          if (use.at !== null || own !== number) findings.writeParameter(own, use)
        const [first] = role
        if (isProtected(first))
          resolved.push({ ...first, number: own, copyOf: index === 0 ? null : number })
      })
    }
    return resolved
  }

  /** The roles of each parameter. An ordinary one keeps the client's number, and with it the type that the client has declared. */
  #roles(findings: Refusing): Map<number, Role[]> {
    const byNumber = new Map<number, Role[]>()
    const protectedBy = new Map<number, ProtectedColumn>()
    const protectedAt = new Set<number>()
    for (const { number, location, column } of this.#uses) {
      if (column === null) continue
      protectedBy.set(number, column)
      protectedAt.add(location)
    }
    // Where a value is given it is an ordinary one, until it is known what it is for.
    const known = this.#uses.filter(
      ({ column, location }) => column !== null || !protectedAt.has(location),
    )
    const uses = known.map((use) => {
      const column = protectedBy.get(use.number)
      return use.presence === null || column === undefined ? use : { ...use, column, use: PRESENCE }
    })
    const ordered = uses.sort(
      (one, other) =>
        one.number - other.number || rank(one) - rank(other) || one.location - other.location,
    )
    for (const use of ordered) {
      const roles = byNumber.get(use.number) ?? []
      const shared = roles.find(([first]) => isShared(first, use, findings))
      if (shared === undefined) roles.push([use])
      else shared.push(use)
      byNumber.set(use.number, roles)
    }
    return byNumber
  }
}

function isProtected(use: Use): use is ProtectedUse {
  return use.column !== null && use.use !== null
}

/** The use that keeps the client's number comes first. */
function rank(use: Use): number {
  if (!isProtected(use)) return 0
  return use.use.kind === 'presence' ? 2 : 1
}

function isShared(one: Use, other: Use, { catalog }: Refusing): boolean {
  if (!isProtected(one) || !isProtected(other)) return !isProtected(one) && !isProtected(other)
  if (one.use.kind === 'search' && other.use.kind === 'search') {
    const isSameColumn = one.column === other.column
    const isComparable = isSameColumn || catalog.comparable?.(one.column, other.column) === true
    return isComparable && JSON.stringify(one.use) === JSON.stringify(other.use)
  }
  if (one.use.kind !== other.use.kind) return false
  const isSame =
    one.column === other.column && JSON.stringify(one.use) === JSON.stringify(other.use)
  return one.use.kind === 'presence' || isSame
}

/** True where all uses are protected, and their columns have one type: else the database would not take one parameter for them either. */
function areOfOneType(roles: readonly Role[]): boolean {
  const types = roles.map(([use]) => (isProtected(use) ? (use.column.dataType ?? null) : undefined))
  return types.every((type) => type !== undefined && type === types[0])
}

function refuseRoles(roles: readonly Role[], findings: Refusing): void {
  const [one, other] = roles.map(([use]) => use).filter(isProtected)
  if (one === undefined) return
  const isOrdinary = roles.some(([use]) => !isProtected(use))
  const ways =
    isOrdinary || other === undefined
      ? 'is used elsewhere in the statement'
      : one.column === other.column
        ? 'is used for it in another way'
        : `to ${name(other)}, which are protected differently`
  findings.refuse(one.column, {
    message: `the parameter $${one.number} is given to ${name(one)} and ${ways}`,
    hint: 'Use a parameter of its own for each protected column, and for each use of it.',
  })
}

function name({ column }: ProtectedUse): string {
  return `${column.table}.${column.column}`
}
