import type { PathChange, Refusal } from '../../sql/index.ts'
import { ProtocolError } from '../../wire/index.ts'
import type { TransactionStatus } from '../../wire/postgres/index.ts'
import type { AnswerPlan, Plan, Planned } from '../plan.ts'
import { Answer } from './answer.ts'
import type { CopyRows } from './copy-rows.ts'
import { Encoding } from './encoding.ts'
import { areAlike, preparedIn } from './execute-arguments.ts'
import { type Expected, type ExpectedKind, ExpectedQueue, isEndedByReady } from './expected.ts'
import { type LearnedSchema, SchemaWatch } from './learned-schema.ts'
import { isBeyondAscii, wireName } from './names-on-the-wire.ts'
import { type Change, Names, type Portal, type Statement } from './prepared.ts'
import { SearchPaths, type SessionNames } from './search-paths.ts'

/** An answer of which nothing is known. */
export const NO_ANSWER = new Answer(null)
const NOTHING_PREPARED = { parameters: new Map(), parameterCount: 0 }
const NO_CHANGES: readonly PathChange[] = []

/** What a text has to do with the search path and the schema. */
type TextUses = Pick<Planned, 'path' | 'schemaChange'>
const NO_USES: TextUses = {}

/**
 * What is known of one connection: what the database still owes, what names mean, and where in the protocol both sides are. The client
 * runs ahead of the database; what it changes is taken back where the database skips it.
 */
export class Books {
  readonly expected = new ExpectedQueue()
  readonly statements = new Names<Statement>()
  readonly portals = new Names<Portal>()
  readonly encoding = new Encoding()
  readonly searchPaths: SearchPaths
  readonly schema: SchemaWatch
  /** That of the planner that plans are made by. */
  edition: object = {}
  /** Counts the client's messages. */
  sequence = 0
  /** The number of the client's last Sync. */
  lastSync = 0
  /** The database has been ready for the first statement: the client is logged in. */
  isReady = false
  /** The database has failed and discards everything up to a Sync that the client has not sent yet. */
  isSkipping = false
  /** The database has answered all that it was asked, and been ready since. */
  isSettled = true
  /** The database reads COPY data: it ignores Sync until the client ends the copy. */
  isCopyingIn = false
  /** The rows of the COPY that the database reads, where they have protected columns. */
  copyingIn: CopyRows | null = null
  /** An answer was broken off by us: what the database still sends of it is not for the client. */
  isBrokenOff = false
  readonly #cursors = new Names<Portal>()
  #waiting: { readonly holds: () => boolean; readonly resolve: () => void } | null = null

  constructor(names: SessionNames, learned: LearnedSchema | null) {
    this.schema = new SchemaWatch(learned)
    this.searchPaths = new SearchPaths(names)
  }

  /** The client has asked for something. */
  expect(
    kind: ExpectedKind,
    answer: Answer,
    change: Change | null,
    plan: Plan | null = null,
  ): void {
    const sequence = this.sequence
    this.isSettled = false
    this.expected.push({
      kind,
      sequence,
      refusal: null,
      plan,
      answers: [answer],
      current: 0,
      change,
    })
  }

  /** The client has asked for something that the database gets a harmless text instead of. */
  expectRefused(kind: ExpectedKind, refusal: Refusal, change: Change | null): void {
    const sequence = this.sequence
    this.isSettled = false
    this.expected.push({
      kind,
      sequence,
      refusal,
      plan: null,
      answers: [],
      current: 0,
      change,
    })
  }

  /** The client has asked a query. */
  expectQuery(plan: Plan): void {
    const changes = this.#pathChanges(plan)
    const answers =
      plan.kind === 'planned'
        ? plan.answers.map((answer) => this.answer(answer, [], plan))
        : [new Answer(null)]
    this.isSettled = false
    this.expected.push({
      kind: 'query',
      sequence: this.sequence,
      refusal: null,
      plan,
      answers,
      current: 0,
      // A query ends the statement without a name.
      change: this.statements.endUnnamed(this.sequence),
    })
    this.searchPaths.sent(changes)
    this.#settingsSent(plan)
    this.#schemaSent(plan)
  }

  /** The client has bound a portal to a statement. */
  expectBind(name: string, plan: Plan | null, formats: readonly number[]): void {
    const { sequence } = this
    const uses = plan?.kind === 'planned' ? plan : NO_USES
    const answer = this.answer(firstAnswer(plan), formats, uses)
    const portal = { answer, pathChanges: this.#pathChanges(plan), sequence }
    this.expect('bind', NO_ANSWER, this.portals.change(name, portal, sequence))
    this.#settingsSent(plan)
    // That it is executed, too, is not waited for: a change that is only bound is learned in vain.
    this.#schemaSent(plan)
  }

  #settingsSent(plan: Plan | null): void {
    if (plan?.kind === 'planned' && plan.makesEscapes === true) this.encoding.escapesMayFollow()
  }

  #schemaSent(plan: Plan | null): void {
    if (plan === null || !this.schema.isLearned) return
    for (const { schemaChange } of [plan, ...this.#executed(plan)]) {
      if (schemaChange !== undefined) this.schema.sent(schemaChange, this.sequence)
    }
  }

  /** What a text does to the search path, with what the statements do that it executes by name. */
  #pathChanges(plan: Plan | null): readonly PathChange[] {
    if (plan?.kind !== 'planned') return NO_CHANGES
    const own = plan.path?.changes ?? NO_CHANGES
    const executed = this.#executed(plan).flatMap((prepared) =>
      prepared.kind === 'planned' ? (prepared.path?.changes ?? NO_CHANGES) : NO_CHANGES,
    )
    return executed.length === 0 ? own : [...own, ...executed]
  }

  /** The plans of the statements that a text executes by name. */
  #executed(plan: Plan): readonly Plan[] {
    if (plan.kind !== 'planned') return []
    return plan.answers.flatMap(({ named }) => {
      if (named?.action !== 'execute') return []
      return this.statements.get(wireName(named.name))?.plan ?? []
    })
  }

  /** Resolves when `holds`, which is asked whenever the database has said something. One may wait at a time. */
  waitUntil(holds: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting = { holds, resolve }
    })
  }

  /** The database has said something, and it is in the books. */
  wake(): void {
    if (this.#waiting?.holds() !== true) return
    this.#waiting.resolve()
    this.#waiting = null
  }

  /** What the rows of a statement will be. Those of a cursor come with FETCH, those of a statement that SQL prepares with EXECUTE. */
  answer(plan: AnswerPlan | null, formats: readonly number[], uses: TextUses = NO_USES): Answer {
    if (plan === null) return new Answer(null, formats)
    const { results, named, copy, isPlan } = plan
    if (isPlan === true) return new Answer(null, formats, null, true)
    if (named === null) return new Answer(results, formats, copy)
    switch (named.action) {
      case 'declare':
        this.#rememberCursor(named.name, results)
        return new Answer(null, formats)
      case 'fetch':
        return new Answer(this.portal(wireName(named.name))?.answer.results ?? null, formats)
      case 'prepare':
        this.#rememberPrepared(named.name, plan, uses)
        return new Answer(null, formats)
      case 'deallocate': {
        const name = wireName(named.name)
        // By another name than it is known here, it may go on.
        return new Answer(null, formats, null, false, isBeyondAscii(name) ? null : name)
      }
      case 'execute': {
        if (named.isStored === true) return new Answer(null, formats)
        const prepared = this.statements.get(wireName(named.name))?.plan ?? null
        return new Answer(firstAnswer(prepared)?.results ?? null, formats)
      }
    }
  }

  /** What is known under a name that cursors of SQL and portals of the protocol share: what was made last. */
  portal(name: string): Portal | null {
    const portal = this.portals.get(name)
    const cursor = this.#cursors.get(name)
    if (portal === null || cursor === null) return portal ?? cursor
    return portal.sequence > cursor.sequence ? portal : cursor
  }

  /** The database has failed at what is owed next. */
  fail(expected: Expected): void {
    this.searchPaths.failed()
    const skips = !isEndedByReady(expected)
    if (skips && !this.expected.dropToSync()) this.isSkipping = true
  }

  /** The database is ready for the next statement. Throws ProtocolError where it owes something before that. */
  ready(status: TransactionStatus): void {
    this.isReady = true
    this.isBrokenOff = false
    const expected = this.expected.head
    // The first one, which ends the start-up, answers to nothing; nor does that for a Sync between the data of a COPY that has failed.
    if (expected === null) {
      this.isSkipping = false
      this.isSettled = true
      this.searchPaths.settled(status)
      return
    }
    if (!isEndedByReady(expected)) {
      throw new ProtocolError('the database is ready before it has answered')
    }
    this.expected.shift()
    this.schema.ready(status, expected.sequence)
    // Portals end with their transaction.
    if (status === 'I') this.portals.removeBefore(expected.sequence, true)
    if (this.expected.head === null) {
      this.isSettled = true
      this.searchPaths.settled(status)
    }
  }

  #rememberCursor(name: string, results: AnswerPlan['results']): void {
    if (this.#cursors.isFull) return
    const cursor = { answer: new Answer(results), pathChanges: [], sequence: this.sequence }
    this.#cursors.change(wireName(name), cursor, this.sequence).confirm()
  }

  /**
   * A statement that SQL prepares can be bound by the protocol too. What is known of a name already stays, since PREPARE may still fail: where
   * the other one has other protected parameters, nobody knows what values are for.
   */
  #rememberPrepared(
    name: string,
    { results, prepares }: AnswerPlan,
    { path, schemaChange }: TextUses,
  ): void {
    const { parameters, parameterCount } = prepares ?? NOTHING_PREPARED
    const known = this.statements.get(wireName(name))
    const pathKey = path?.changes.some(({ kind }) => kind !== 'end') ? '' : this.searchPaths.key
    const isSamePath = path?.reads !== true || known?.pathKey === pathKey
    const { sequence } = this
    // What is given up by a message before this one may be there again with it.
    if (
      known !== null &&
      isSamePath &&
      areAlike(preparedIn(known), { parameters, parameterCount })
    ) {
      this.statements.change(wireName(name), { ...known, sequence }, sequence).confirm()
      return
    }
    if (known === null && this.statements.isFull) return
    const plan: Plan = {
      kind: 'planned',
      literals: [],
      parameters,
      edits: [],
      settings: [],
      parameterCount,
      answers: [{ results, named: null, copy: null, prepares: null }],
      passed: [],
      ...(path === undefined ? {} : { path }),
      ...(schemaChange === undefined ? {} : { schemaChange }),
    }
    const isAmbiguous = this.statements.has(wireName(name))
    const fresh = {
      plan,
      parameterTypes: [],
      pathKey,
      edition: this.edition,
      text: null,
      sequence,
    }
    const statement = {
      ...(known ?? fresh),
      sequence,
      isAmbiguous,
      ...(known === null || isSamePath ? {} : { pathKey: '' }),
    }
    this.statements.change(wireName(name), statement, sequence).confirm()
  }
}

/** What the first statement of a text answers; null where that is not known. */
export function firstAnswer(plan: Plan | null): AnswerPlan | null {
  return plan?.kind === 'planned' ? (plan.answers[0] ?? null) : null
}

/** How the rows that come next are read. */
export function currentAnswer({ answers, current }: Expected): Answer {
  return answers[current] ?? NO_ANSWER
}
