/** Two databases of the same tables: one behind acra-server and a tap, one to see what a database does by itself. */
import {
  createTables,
  directly,
  encryptorConfig as peopleConfig,
  schema as peopleSchema,
} from '../people.ts'
import { type BackendMessage, cellsOf, RawClient, type Target } from '../raw-client.ts'
import { type Front, type Lab, startLab } from '../setup.ts'

/** Messages sent in one piece, and how much is read before the next piece: ReadyForQuery so many times, or one message of a type. */
export interface Turn {
  readonly send: readonly Buffer[]
  readonly ready?: number
  readonly until?: string
}

export interface Arena {
  readonly lab: Lab
  readonly front: Front
  /** The way to the database alone. */
  readonly direct: Front
  /** What acra-server answered, and what reached its database meanwhile. */
  attack(
    turns: readonly Turn[],
    startUp?: Readonly<Record<string, string>>,
  ): Promise<{ messages: BackendMessage[]; toDatabase: Buffer }>
  /** What a database answers by itself, its tables being the same and nothing protected. */
  compare(
    turns: readonly Turn[],
    startUp?: Readonly<Record<string, string>>,
  ): Promise<BackendMessage[]>
  /** A connection to acra-server. */
  connect(
    target?: Partial<Target>,
    parameters?: Readonly<Record<string, string>>,
  ): Promise<RawClient>
  /** The cells of a row as text. */
  cellsOf(row: BackendMessage): (string | null)[]
  stop(): Promise<void>
}

const plainDatabase = 'plain'

export async function openArena(flags: readonly string[] = []): Promise<Arena> {
  const lab = await startLab({ auth: 'trust' })
  try {
    await createTables(lab.database)
    await directly(lab.database, (client) => client.query(`CREATE DATABASE ${plainDatabase}`))
    await directly(lab.database, (client) => client.query(peopleSchema), plainDatabase)
    const front = await lab.front({ encryptorConfig: peopleConfig, flags })
    const direct = await lab.front({ direct: true })
    return {
      lab,
      front,
      direct,
      async attack(turns, startUp) {
        front.tap.take()
        const messages = await converse(lab, front, lab.database.database, turns, startUp)
        return { messages, toDatabase: front.tap.take().toDatabase }
      },
      compare: (turns, startUp) => converse(lab, direct, plainDatabase, turns, startUp),
      connect: async (target, parameters) => {
        await directly(lab.database, (client) => client.query('TRUNCATE notes, people'))
        const { user, database } = lab.database
        return RawClient.connect({ ...front, user, database, ...target }, parameters)
      },
      cellsOf: (row) => cellsOf(row).map((cell) => cell?.toString() ?? null),
      stop: () => lab.stop(),
    }
  } catch (error) {
    await lab.stop()
    throw error
  }
}

/** Runs the turns on a connection of its own, on empty tables, and returns all messages. */
async function converse(
  lab: Lab,
  where: { readonly host: string; readonly port: number },
  database: string,
  turns: readonly Turn[],
  startUp?: Readonly<Record<string, string>>,
): Promise<BackendMessage[]> {
  await directly(lab.database, (client) => client.query('TRUNCATE notes, people'), database)
  const client = await RawClient.connect(
    { ...where, user: lab.database.user, database },
    startUp ?? {},
  )
  const messages: BackendMessage[] = []
  for (const { send, ready = 1, until } of turns) {
    client.send(...send)
    if (until) messages.push(...(await client.untilAny(until)))
    else for (let count = 0; count < ready; count++) messages.push(...(await client.untilReady()))
  }
  await client.close()
  return messages
}

/** The letters of messages, in order, without those that come whenever they like. */
export function typesOf(messages: readonly BackendMessage[]): string {
  return messages
    .map(({ type }) => type)
    .filter((type) => !'NSA'.includes(type))
    .join('')
}
