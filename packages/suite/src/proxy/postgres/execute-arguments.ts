import type { Named, Refusal } from '../../sql/index.ts'
import { type AnswerPlan, type LiteralSlot, noSlots, type Plan } from '../plan.ts'
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
  try {
    const given = plan.answers.flatMap((answer, index) =>
      answer.named?.action === 'execute'
        ? executeSlots(answer.named, plan.answers.slice(0, index), prepared)
        : [],
    )
    if (given.length === 0) return plan
    const literals = [...plan.literals, ...given]
    return { ...plan, literals: literals.sort((one, other) => one.index - other.index) }
  } catch (error) {
    if (error instanceof RefusedError) return error.refusal
    throw error
  }
}

type Executing = Extract<Named, { action: 'execute' }>

/**
 * The literals of `EXECUTE name ('x', 5)` that are values of protected columns, by what is known of the statement that SQL or the protocol has
 * prepared. Throws RefusedError where a value cannot be protected, or it is not known what it is for.
 */
function executeSlots(
  { name, arguments: values, isStored }: Executing,
  before: readonly AnswerPlan[],
  prepared: Prepared,
): readonly LiteralSlot[] {
  const inText = before.findLast(({ named }) => renames(named, name)) ?? null
  const known = inText === null ? prepared.statements.get(wireName(name)) : null
  if (known !== null) checkCurrent(known, prepared)
  if (values.length === 0 && isStored !== true) return []
  const { parameters, parameterCount, results } =
    inText === null ? knownAs(name, known, prepared) : preparedInText(inText)
  if (isStored === true) refuseStored(results)
  if (values.length > parameterCount) throw new RefusedError(tooMany)
  if (values.length > 0 && [...parameters.values()].some(({ copyOf }) => copyOf !== undefined))
    throw new RefusedError(notOnce)
  return values.flatMap((argument, position) => {
    const slot = parameters.get(position + 1)
    if (slot === undefined || argument === 'null') return []
    if (argument === 'other') throw new RefusedError(notLiteral)
    const { literal: index, isNegative, at } = argument
    return [{ index, isNegative, at, ...slot }]
  })
}

/** A statement behind it in the text is carried out only where it was: so it decides what the name means. */
function renames(named: Named | null, name: string): boolean {
  return (named?.action === 'prepare' || named?.action === 'deallocate') && named.name === name
}

interface Meaning extends Inside {
  readonly results: AnswerPlan['results']
}

function preparedInText({ named, prepares, results }: AnswerPlan): Meaning {
  if (named?.action !== 'prepare' || prepares === null) throw new RefusedError(notKnown)
  return { ...prepares, results }
}

function knownAs(name: string, known: Statement | null, prepared: Prepared): Meaning {
  const isUncertain = prepared.statements.isUncertain(wireName(name), prepared.lastSync)
  if (known === null || isUncertain || known.isAmbiguous === true) throw new RefusedError(notKnown)
  const [first] = known.plan.kind === 'planned' ? known.plan.answers : []
  return { ...preparedIn(known), results: first?.results ?? null }
}

function checkCurrent(known: Statement, prepared: Prepared): void {
  if (known.edition !== prepared.edition) throw new RefusedError(refusals.otherSchema)
  if (isOfOtherPath(known, prepared)) throw new RefusedError(refusals.otherPath)
}

/** CREATE TABLE AS EXECUTE. */
function refuseStored(results: AnswerPlan['results']): void {
  const found = results?.find((item) => item !== 'other')
  if (found === undefined) return
  const column = found === 'star' ? null : found
  const what = column === null ? 'columns that are not known' : `${column.table}.${column.column}`
  throw new RefusedError({ ...stored, message: `${stored.message} ${what}`, column })
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

const stored: Refusal = {
  sqlState: '0A000',
  message: 'CREATE TABLE AS EXECUTE would store, in a table that does not protect it,',
  hint: 'Leave the protected columns out of the prepared statement.',
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
