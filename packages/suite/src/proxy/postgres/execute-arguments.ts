import type { Refusal } from '../../sql/index.ts'
import { type AnswerPlan, type LiteralSlot, noSlots, type Plan, type Planned } from '../plan.ts'
import { wireName } from './names-on-the-wire.ts'
import type { Names, Statement } from './prepared.ts'
import { RefusedError, refusals } from './refusal.ts'
import type { PossiblePaths } from './search-paths.ts'

/** What is known of the parameters of a prepared statement. */
type Inside = NonNullable<AnswerPlan['prepares']>

const NO_PARAMETERS: Inside['parameters'] = new Map()
const ANY_NUMBER = Number.POSITIVE_INFINITY

/** What is known of a connection's prepared statements. */
interface Prepared {
  readonly statements: Names<Statement>
  readonly searchPaths: PossiblePaths
  /** That of the planner that has planned the text. */
  readonly edition: object
  /** The number of the client's last Sync. */
  readonly lastSync: number
}

/** What of a text is to be protected, the values of EXECUTE among it; the refusal where these cannot be. */
export function slotsOf(plan: Plan, prepared: Prepared): typeof noSlots | Refusal {
  if (plan.kind !== 'planned') return noSlots
  for (const { named } of plan.answers) {
    const known = named?.action === 'execute' ? prepared.statements.get(wireName(named.name)) : null
    if (known === null) continue
    if (known.edition !== prepared.edition) return refusals.otherSchema
    if (isOfOtherPath(known, prepared)) return refusals.otherPath
  }
  try {
    const given = argumentSlots(plan, prepared)
    return given.length === 0 ? plan : { ...plan, literals: [...plan.literals, ...given] }
  } catch (error) {
    if (error instanceof RefusedError) return error.refusal
    throw error
  }
}

/**
 * The literals of `EXECUTE name ('x', 5)` that are values of protected columns, by what is known of the statements that SQL or the protocol has
 * prepared. Throws RefusedError where a value cannot be protected, or it is not known what it is for.
 */
function argumentSlots(plan: Planned, prepared: Prepared): readonly LiteralSlot[] {
  const slots: LiteralSlot[] = []
  plan.answers.forEach((answer, index) => {
    const { named } = answer
    if (named === null || named.action !== 'execute' || named.arguments.length === 0) return
    const before = plan.answers.slice(0, index).filter((other) => isPrepareOf(other, named.name))
    const { parameters, parameterCount } = preparedAs(named.name, before, prepared)
    if (named.arguments.length > parameterCount) throw new RefusedError(tooMany)
    if ([...parameters.values()].some(({ copyOf }) => copyOf !== undefined))
      throw new RefusedError(notOnce)
    named.arguments.forEach((argument, position) => {
      const slot = parameters.get(position + 1)
      if (slot === undefined || argument === 'null') return
      if (argument === 'other') throw new RefusedError(notLiteral)
      const { literal: index, isNegative, at } = argument
      slots.push({ index, isNegative, at, ...slot })
    })
  })
  return slots.sort((one, other) => one.index - other.index)
}

function isPrepareOf({ named }: AnswerPlan, name: string): boolean {
  return named?.action === 'prepare' && named.name === name
}

function preparedAs(
  name: string,
  before: readonly AnswerPlan[],
  { statements, lastSync }: Prepared,
): Inside {
  const known = statements.get(wireName(name))
  const isUncertain = statements.isUncertain(wireName(name), lastSync)
  if (isUncertain || known?.isAmbiguous === true) throw new RefusedError(notKnown)
  const inText = before.flatMap(({ prepares }) => prepares ?? [])
  const all = known === null ? inText : [preparedIn(known), ...inText]
  const [first, ...others] = all
  if (first === undefined || others.some((other) => !areAlike(first, other)))
    throw new RefusedError(notKnown)
  return first
}

/** True where names in a statement may mean other tables by now: the database looks them up again each time. */
export function isOfOtherPath(
  { plan, pathKey }: Statement,
  { searchPaths }: Pick<Prepared, 'searchPaths'>,
): boolean {
  return plan.kind === 'planned' && plan.path?.reads === true && pathKey !== searchPaths.key
}

/** The parameters of a statement. Where nothing protected is near it takes any number of them: the database says what is wrong. */
export function preparedIn({ plan, parameterTypes }: Statement): Inside {
  const isCounted = plan.kind === 'planned' || plan.kind === 'untouched'
  const count = isCounted ? (plan.parameterCount ?? ANY_NUMBER) : ANY_NUMBER
  const parameters = plan.kind === 'planned' ? plan.parameters : NO_PARAMETERS
  return { parameters, parameterCount: Math.max(count, parameterTypes.length) }
}

/** True where both give the same parameters to the same columns. */
export function areAlike(one: Inside, other: Inside): boolean {
  const { parameters } = one
  if (parameters.size !== other.parameters.size || one.parameterCount !== other.parameterCount)
    return false
  return [...parameters].every(([number, { column, use, copyOf }]) => {
    const slot = other.parameters.get(number)
    return (
      slot?.column === column &&
      slot.copyOf === copyOf &&
      JSON.stringify(slot.use) === JSON.stringify(use)
    )
  })
}

const notLiteral: Refusal = {
  sqlState: '0A000',
  message: 'EXECUTE gives a computed value, or one with a cast, to a protected column',
  hint: 'Write the value as a plain literal, or execute the statement by the protocol.',
  column: null,
}

const notOnce: Refusal = {
  sqlState: '0A000',
  message: 'EXECUTE of a statement that uses a parameter for a protected column and otherwise too',
  hint: 'Execute it by the protocol, or use a parameter of its own for each protected column.',
  column: null,
}

/** As PostgreSQL says it of EXECUTE. */
const tooMany: Refusal = { ...refusals.parameterCount, sqlState: '42601' }

const notKnown: Refusal = {
  sqlState: '0A000',
  message:
    'EXECUTE with values of a statement that acra-server does not know, or knows two of that name',
  hint: 'Prepare it on this connection under a name of its own.',
  column: null,
}
