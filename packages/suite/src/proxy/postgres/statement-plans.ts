import { isDeepStrictEqual } from 'node:util'
import type { Soon } from '../../foundation/index.ts'
import type { Refusal } from '../../sql/index.ts'
import type { LiteralSlot, ParameterSlot, Plan, Planned } from '../plan.ts'
import { mayMoveEnds } from './backslashes.ts'
import type { Books } from './books.ts'
import type { ConversationObserver, ConversationSettings } from './conversation-settings.ts'
import type { PlannedText, Planner } from './planner.ts'
import type { Statement } from './prepared.ts'
import { inCharacters, refusals } from './refusal.ts'

/** The plans of one connection's statements, by what is known of its search path, its encoding, and the schema of its database. */
export class StatementPlans {
  readonly #settings: ConversationSettings
  readonly #books: Books
  readonly #observer: ConversationObserver

  constructor(settings: ConversationSettings, books: Books, observer: ConversationObserver) {
    this.#settings = settings
    this.#books = books
    this.#observer = observer
  }

  /** True where nothing is protected. */
  get idle(): boolean {
    return this.#settings.planner.idle
  }

  /** True where a text without values may go to the database as it came. */
  passesUnread(text: Buffer): boolean {
    return this.idle || !mayMoveEnds(text)
  }

  forQuery(text: Buffer): Soon<PlannedText> {
    return this.#certain(text, (planner) => planner.forQuery(text, this.#books.searchPaths))
  }

  forParse(text: Buffer): Soon<PlannedText> {
    return this.#certain(text, (planner) => planner.forParse(text, this.#books.searchPaths))
  }

  /**
   * A prepared statement as the database reads it by now: it does so anew where the schema has changed. The refusal where it would mean
   * something else by the text, or the parameters, that it was given.
   */
  current(statement: Statement): Statement | Refusal {
    const planner = this.#planner()
    if (statement.edition === planner.edition) return statement
    if (statement.text === null || executes(statement.plan)) return refusals.otherSchema
    const text = Buffer.from(statement.text, 'latin1')
    const { plan } = planner.forParse(text, this.#books.searchPaths)
    if (plan.kind === 'refused') return plan.refusal
    if (!isSentAlike(statement.plan, plan)) return refusals.otherSchema
    statement.plan = plan
    statement.edition = planner.edition
    return statement
  }

  /** Null where what is known of the relations that the plan gives values to is young enough; else it resolves when it is. */
  fresh({ givesValues }: Plan): Promise<void> | null {
    return givesValues === true ? (this.#settings.schema?.freshen() ?? null) : null
  }

  /** The one that makes plans just now. */
  #planner(): Planner {
    const { planner, schema } = this.#settings
    const isCautious = schema !== undefined && this.#books.schema.isOpen
    const chosen = isCautious ? schema.cautious : planner
    this.#books.edition = chosen.edition
    return chosen
  }

  /** A relation that is not known is looked for in the database before anything is decided. */
  #certain(text: Buffer, plan: (planner: Planner) => PlannedText): Soon<PlannedText> {
    const planned = plan(this.#planner())
    const { schema } = this.#settings
    if (schema === undefined) return this.#told(planned, text)
    const { unknownNames } = planned.plan
    const asked = unknownNames === undefined ? null : schema.ask(unknownNames)
    const learning = asked ?? this.fresh(planned.plan)
    if (learning !== null)
      return learning.then(() => this.#told(this.#ofText(plan, plan(this.#planner())), text))
    return this.#told(this.#ofText(plan, planned), text)
  }

  /** What stands behind a change in the same text is read by what the change leaves. */
  #ofText(plan: (planner: Planner) => PlannedText, planned: PlannedText): PlannedText {
    const { schema } = this.#settings
    const { schemaChange } = planned.plan
    if (schema === undefined || schemaChange?.isCertain !== true || schemaChange.isAlone)
      return planned
    this.#books.edition = schema.cautious.edition
    return plan(schema.cautious)
  }

  #told(planned: PlannedText, text: Buffer): PlannedText {
    const { plan } = planned
    if (plan.kind === 'planned')
      for (const passed of plan.passed) this.#observer.passedUnprotected(passed)
    if (this.idle) return planned
    const { encoding, isSettled } = this.#books
    if (plan.kind === 'refused') {
      const refusal = inCharacters(plan.refusal, text, encoding)
      return { ...planned, plan: { ...plan, refusal } }
    }
    const refusal = encoding.refusal(text, isSettled, this.#settings.schema?.ctype ?? null)
    return refusal === null ? planned : { ...planned, plan: { kind: 'refused', refusal } }
  }
}

/** EXECUTE: the values in it are for columns of a statement that is another text. */
function executes(plan: Plan): boolean {
  return plan.kind === 'planned' && plan.answers.some(({ named }) => named?.action === 'execute')
}

/** True where both send the same text to the database, and the same values for its parameters. */
function isSentAlike(one: Plan, other: Plan): boolean {
  return isDeepStrictEqual(sentBy(one), sentBy(other))
}

function sentBy(plan: Plan): unknown {
  if (plan.kind !== 'planned') return plan.kind === 'answered' ? plan.text : NOTHING_SENT
  const { literals, edits, parameters, settings }: Planned = plan
  return {
    literals: literals.map(slotSent),
    edits,
    parameters: [...parameters]
      .sort(([one], [other]) => one - other)
      .map(([number, slot]) => [number, slotSent(slot)]),
    settings,
  }
}

/** Of a column its settings count, which a view has of the column that it shows. */
function slotSent({ column, ...slot }: LiteralSlot | ParameterSlot): unknown {
  return { ...slot, setting: column.setting }
}

const NOTHING_SENT = { literals: [], edits: [], parameters: [], settings: [] }
