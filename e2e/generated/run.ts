/** Runs generated statements on plain tables and through acra-server on protected ones, and holds the answers against one another. */
import pg from 'pg'
import { findCanary, searchable } from '../canary.ts'
import type { Protection } from '../protected-tables.ts'
import type { Front, Lab } from '../setup.ts'
import { shapeFile } from '../shapes.ts'
import { seed } from '../verdicts.ts'
import { Choices, shrink } from './choices.ts'
import { seedRows } from './rows.ts'
import { Speaker, type Spoken } from './speaker.ts'
import { type Statement, statementOf } from './statements.ts'
import { findMark, sureMarks } from './values.ts'
import { leakOf, type Verdict, verdictOf } from './verdict.ts'

export interface RunOptions {
  readonly seed: number
  /** The first statement of the run, and how many. */
  readonly first: number
  readonly count: number
  /** The tables and the encryptor config of the protected side. */
  readonly protection: Protection
  /** Connections of each side. */
  readonly sessions: number
  /** Trials that may be spent on making each failing statement smaller. */
  readonly shrinkBudget: number
}

export interface Failure extends Verdict {
  readonly index: number
  readonly statement: Statement
  /** The smallest statement found that fails in the same way. */
  readonly smallest: Statement
}

export interface Report {
  readonly total: number
  readonly protectedTotal: number
  readonly counts: Readonly<Record<Verdict['result'], number>>
  /** Of those that concern a protected column. */
  readonly protectedWorked: number
  readonly failures: readonly Failure[]
  /** How often each production was in a statement, and in one that worked. */
  readonly productions: ReadonlyMap<string, { readonly total: number; readonly worked: number }>
  /** Productions that may be refused. */
  readonly daring: ReadonlyMap<string, { readonly total: number; readonly worked: number }>
  /** Why statements were refused, and how many; and the errors of both sides. */
  readonly refusals: ReadonlyMap<string, number>
  readonly errors: ReadonlyMap<string, number>
}

/** Failing statements that are reported; a fault that many meet need not be told of each. */
const failuresMax = 20
/** Statements that are sent in one piece. */
const windowSize = 40

/** A way to either side. */
interface Pair {
  readonly plain: Speaker
  readonly guarded: Speaker
}

/** The databases of both sides for so many sessions, so that none waits for another's locks. */
async function prepare(
  lab: Lab,
  { protection, sessions }: RunOptions,
): Promise<{ pairs: Pair[]; front: Front }> {
  const direct = await lab.front({ direct: true })
  const front = await lab.front({ encryptorConfig: protection.encryptorConfig })
  await seed(lab, 'plain', shapeFile('schema-postgres-plaintext.sql'), direct, seedRows())
  await seed(lab, 'guarded', protection.schema, front, seedRows())
  const admin = new pg.Client({ connectionString: lab.database.url() })
  await admin.connect()
  const pairs: Pair[] = []
  for (let session = 0; session < sessions; session++) {
    const speaker = async (front: Front, template: string) => {
      const database = `${template}_${session}`
      await admin.query(`CREATE DATABASE ${database} TEMPLATE ${template} STRATEGY file_copy`)
      return new Speaker(front, { user: lab.database.user, database })
    }
    pairs.push({ plain: await speaker(direct, 'plain'), guarded: await speaker(front, 'guarded') })
  }
  await admin.end()
  return { pairs, front }
}

export async function runGenerated(lab: Lab, options: RunOptions): Promise<Report> {
  const { pairs, front } = await prepare(lab, options)
  const tally = new Tally()
  const failing: { index: number; verdict: Verdict }[] = []
  let next = options.first
  const end = options.first + options.count
  await Promise.all(
    pairs.map(async (pair) => {
      while (next < end) {
        const indices = Array.from({ length: Math.min(windowSize, end - next) }, () => next++)
        for (const { index, statement, verdict } of await judge(pair, options.seed, indices)) {
          tally.add(statement, verdict)
          if (isFailure(verdict)) failing.push({ index, verdict })
        }
      }
    }),
  )
  const [pair] = pairs
  if (!pair) throw new Error('a run needs a session')
  const failures: Failure[] = []
  const shrunk = failing.sort((a, b) => a.index - b.index).slice(0, failuresMax)
  for (const { index, verdict } of shrunk)
    failures.push(await shrinkFailure(pair, options, index, verdict))
  for (const { plain, guarded } of pairs) await Promise.all([plain.close(), guarded.close()])
  const log = searchable(Buffer.from(front.log()))
  const logged = sureMarks.find((mark) => findCanary(mark, log) !== null)
  if (logged !== undefined) throw new Error(`a protected value stands in the log: ${logged}`)
  return tally.report(failures)
}

function isFailure({ result }: Verdict): boolean {
  return result === 'leak' || result === 'wrong' || result === 'crash'
}

interface Judged {
  readonly index: number
  readonly statement: Statement
  readonly verdict: Verdict
}

/** Statements in one piece; those that are suspect are said once more, each alone. */
async function judge(pair: Pair, seed: number, indices: readonly number[]): Promise<Judged[]> {
  const statements = indices.map((index) => statementOf(Choices.seeded(seed, index), index))
  const [plain, guarded] = await Promise.all([
    pair.plain.say(statements),
    pair.guarded.say(statements),
  ])
  if (plain.isBroken) throw new Error('the database has ended a connection by itself')
  const isSuspect = guarded.isBroken || hasMark(guarded)
  const judged: Judged[] = []
  for (const [i, statement] of statements.entries()) {
    const index = indices[i] ?? 0
    const [one, other] = [plain.answers[i], guarded.answers[i]]
    if (!one) throw new Error('an answer of the database is missing')
    const early = other && verdictOf(statement, one, other, guarded.recording.toClient)
    const verdict =
      early && !isSuspect && !isFailure(early) ? early : await judgeAlone(pair, statement)
    judged.push({
      index,
      statement,
      verdict: early && isFailure(early) && !isFailure(verdict) ? unsteady(early) : verdict,
    })
  }
  return judged
}

function unsteady({ result, reason }: Verdict): Verdict {
  return { result, reason: `${reason} (not when it is said alone)` }
}

function hasMark({ recording }: Spoken): boolean {
  return (
    findMark(searchable(recording.toDatabase)) !== null ||
    findMark(searchable(recording.toClient)) !== null
  )
}

async function judgeAlone(pair: Pair, statement: Statement): Promise<Verdict> {
  const [plain, guarded] = await Promise.all([
    pair.plain.sayAlone(statement),
    pair.guarded.sayAlone(statement),
  ])
  const leak = leakOf(statement, guarded.recording)
  if (leak !== null) return { result: 'leak', reason: leak }
  const [one] = plain.answers
  const [other] = guarded.answers
  if (!one) throw new Error('the database has ended a connection by itself')
  if (!other || guarded.isBroken) return { result: 'crash', reason: 'the connection was ended' }
  return verdictOf(statement, one, other, guarded.recording.toClient)
}

async function shrinkFailure(
  pair: Pair,
  { seed, shrinkBudget }: RunOptions,
  index: number,
  verdict: Verdict,
): Promise<Failure> {
  const choices = Choices.seeded(seed, index)
  const statement = statementOf(choices, index)
  const kind = kindOf(verdict)
  const fails = async (list: readonly number[]) =>
    kindOf(await judgeAlone(pair, statementOf(Choices.told(list), index))) === kind
  const smallest = await shrink(choices.taken, fails, shrinkBudget)
  return { ...verdict, index, statement, smallest: statementOf(Choices.told(smallest), index) }
}

/** What two failures have in common: how they ended, and the reason up to what it names. */
function kindOf({ result, reason }: Verdict): string {
  return `${result} ${/^[a-z ]*/.exec(reason)?.[0] ?? ''}`
}

class Tally {
  readonly #counts = { worked: 0, failed: 0, refused: 0, leak: 0, wrong: 0, crash: 0 }
  readonly #productions = new Map<string, { total: number; worked: number }>()
  readonly #daring = new Map<string, { total: number; worked: number }>()
  readonly #refusals = new Map<string, number>()
  readonly #errors = new Map<string, number>()
  #total = 0
  #protectedTotal = 0
  #protectedWorked = 0

  add(statement: Statement, { result, reason }: Verdict): void {
    const worked = result === 'worked'
    this.#total++
    this.#counts[result]++
    if (statement.isProtected) this.#protectedTotal++
    if (statement.isProtected && worked) this.#protectedWorked++
    count(this.#productions, statement.productions, worked)
    count(this.#daring, statement.daring, worked)
    const reasons =
      result === 'refused' ? this.#refusals : result === 'failed' ? this.#errors : null
    reasons?.set(reason, (reasons.get(reason) ?? 0) + 1)
  }

  report(failures: readonly Failure[]): Report {
    return {
      total: this.#total,
      protectedTotal: this.#protectedTotal,
      protectedWorked: this.#protectedWorked,
      counts: this.#counts,
      failures,
      productions: this.#productions,
      daring: this.#daring,
      refusals: this.#refusals,
      errors: this.#errors,
    }
  }
}

function count(
  into: Map<string, { total: number; worked: number }>,
  names: ReadonlySet<string>,
  worked: boolean,
): void {
  for (const name of names) {
    const entry = into.get(name) ?? { total: 0, worked: 0 }
    entry.total++
    if (worked) entry.worked++
    into.set(name, entry)
  }
}
