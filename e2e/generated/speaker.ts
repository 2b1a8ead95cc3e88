/** A connection that says statements, each in a transaction that is rolled back, many of them in one piece. */
import { message } from '../frontend.ts'
import {
  type BackendMessage,
  cellsOf,
  errorOf,
  RawClient,
  type ServerError,
} from '../raw-client.ts'
import { copyMessages, extendedMessages } from '../session.ts'
import type { Front } from '../setup.ts'
import type { Recording } from '../tap.ts'
import type { Statement } from './statements.ts'

/** What a client is told of one statement. */
export interface Answer {
  /** The first error of its steps. */
  readonly error: (ServerError & { readonly raw: Buffer }) | null
  /** Rows, cell by cell, and the data of COPY, of all steps. */
  readonly rows: readonly string[]
  readonly tags: readonly string[]
  /** Names and types of the columns of each answer that has some, and the types of parameters. */
  readonly descriptions: readonly string[]
  /** Rows of the table that it has changed. */
  readonly state: readonly string[]
}

export interface Spoken {
  readonly answers: readonly Answer[]
  /** The connection ended in the middle of them. */
  readonly isBroken: boolean
  readonly recording: Recording
}

export class Speaker {
  readonly #front: Front
  readonly #target: { readonly user: string; readonly database: string }
  #client: RawClient | null = null
  #take: () => Recording = () => ({ toDatabase: Buffer.alloc(0), toClient: Buffer.alloc(0) })

  constructor(front: Front, target: { readonly user: string; readonly database: string }) {
    this.#front = front
    this.#target = target
  }

  /** Says them one behind the other without waiting, and reads what comes. */
  async say(statements: readonly Statement[]): Promise<Spoken> {
    const client = await this.#connected()
    client.send(
      ...statements.flatMap((statement) => [
        message.query('ROLLBACK; BEGIN'),
        ...messagesOf(statement),
      ]),
      message.query('ROLLBACK'),
    )
    const answers: Answer[] = []
    let isBroken = false
    for (const statement of statements) {
      const answer = await hear(client, statement)
      if (answer) answers.push(answer)
      else {
        isBroken = true
        break
      }
    }
    if (!isBroken) isBroken = (await client.untilReady()).at(-1)?.type !== 'Z'
    const recording = this.#take()
    if (isBroken) this.#client = null
    return { answers, isBroken, recording }
  }

  /** Says one statement, in a session of its own. */
  async sayAlone(statement: Statement): Promise<Spoken> {
    await this.close()
    const spoken = await this.say([statement])
    await this.close()
    return spoken
  }

  async close(): Promise<void> {
    await this.#client?.close()
    this.#client = null
  }

  async #connected(): Promise<RawClient> {
    if (this.#client) return this.#client
    const { host, port, tap } = this.#front
    this.#client = await RawClient.connect({ host, port, ...this.#target })
    const wire = tap.connection(`${this.#target.database}\0`)
    this.#take = () => wire.take()
    return this.#client
  }
}

function messagesOf({ steps, protocol, state }: Statement): Buffer[] {
  const isBinary = protocol === 'prepared-binary'
  const own = steps.flatMap((step) => {
    const isQuery = protocol === 'simple' && step.sql !== undefined
    if (isQuery) {
      const data = step.copy_in === undefined ? [] : copyMessages(step)
      return [message.query(step.sql ?? ''), ...data]
    }
    const rest = step.max_rows === undefined ? [] : [message.execute()]
    return [...extendedMessages(step, isBinary), ...rest, message.sync()]
  })
  return state === null ? own : [...own, message.query(state)]
}

/** Reads the answer of one statement; null where the connection ends. */
async function hear(client: RawClient, { steps, state }: Statement): Promise<Answer | null> {
  let error: Answer['error'] = null
  const [rows, tags, descriptions, after]: string[][] = [[], [], [], []]
  const read = async (into: string[], isState: boolean) => {
    const messages = await client.untilReady()
    if (messages.at(-1)?.type !== 'Z') return false
    for (const answer of messages) {
      if (answer.type === 'E' && !isState) error ??= { ...errorOf(answer), raw: answer.body }
      if (answer.type === 'D') into.push(rowOf(answer))
      if (isState) continue
      if (answer.type === 'd') into.push(answer.body.toString('latin1'))
      if (answer.type === 'C') tags?.push(answer.body.toString('latin1', 0, answer.body.length - 1))
      if ('Tt'.includes(answer.type)) descriptions?.push(describe(answer))
    }
    return true
  }
  const begun = await client.untilReady()
  if (begun.at(-1)?.type !== 'Z') return null
  for (const _ of steps) if (!(await read(rows ?? [], false))) return null
  if (state !== null && !(await read(after ?? [], true))) return null
  return {
    error,
    rows: rows ?? [],
    tags: tags ?? [],
    descriptions: descriptions ?? [],
    state: after ?? [],
  }
}

function rowOf(answer: BackendMessage): string {
  return JSON.stringify(cellsOf(answer).map((cell) => cell?.toString('latin1') ?? null))
}

/** Names and types of RowDescription; the types of ParameterDescription. */
function describe({ type, body }: BackendMessage): string {
  const parts: string[] = []
  const count = body.readInt16BE(0)
  let at = 2
  for (let left = count; left > 0; left--) {
    if (type === 't') {
      // A value for a column of text is text, also where a cast made varchar of its neighbours.
      const oid = body.readInt32BE(at)
      parts.push(`parameter ${oid === 1043 ? 25 : oid}`)
      at += 4
      continue
    }
    const end = body.indexOf(0, at)
    parts.push(`${body.toString('utf8', at, end)} ${body.readInt32BE(end + 7)}`)
    at = end + 19
  }
  return parts.join(', ')
}
