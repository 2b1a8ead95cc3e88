/** Conversations for tests: without sockets, with the real parser and keys in memory. */
import type { Refusal } from '../../../sql/index.ts'
import { analyzeText, loadParser } from '../../../sql/postgres/index.ts'
import { anyColumn, columnFor, loadEncryptorConfig } from '../../../transform/index.ts'
import { accessOf, type MemoryKeystore } from '../../../transform/testing/index.ts'
import type { Outlet } from '../../../wire/index.ts'
import { parameterStatus, readyForQuery } from '../../../wire/postgres/testing/index.ts'
import { ColumnTable } from '../../columns.ts'
import { PostgresConversation } from '../conversation.ts'
import type { LearnedSchema } from '../learned-schema.ts'
import { Planner } from '../planner.ts'
import { postgresTraits } from '../traits.ts'

/** A table with a column of each kind that can be protected, and one that nobody protects. */
export const usersConfig = `
schemas:
  - table: users
    columns: [id, email, photo, note]
    encrypted:
      - { column: email, data_type: str }
      - { column: photo, crypto_envelope: acrastruct }
`

/** What went out to one side, in one piece. */
export class RecordedOutlet implements Outlet {
  #pieces: Buffer[] = []

  pass(chunk: Buffer, start: number, end: number): void {
    this.#pieces.push(Buffer.from(chunk.subarray(start, end)))
  }

  put(bytes: Buffer): void {
    this.#pieces.push(Buffer.from(bytes))
  }

  flush(): void {}

  /** Everything since the last call. */
  take(): Buffer {
    const all = Buffer.concat(this.#pieces)
    this.#pieces = []
    return all
  }
}

/** A conversation without sockets, its client logged in: bytes in on one side, and what then went out on both. */
export class Exchange {
  readonly refused: Refusal[] = []
  readonly passed: Refusal[] = []
  readonly #toClient = new RecordedOutlet()
  readonly #toDatabase = new RecordedOutlet()
  readonly #conversation: PostgresConversation

  constructor(parts: ConversationParts, clientId: string, keystore: MemoryKeystore) {
    this.#conversation = new PostgresConversation(
      { ...parts, heldSizeMax: 1 << 20, ...parts.limits },
      accessOf(clientId, keystore),
      {
        refused: (refusal) => this.refused.push(refusal),
        passedUnprotected: (refusal) => this.passed.push(refusal),
      },
      this.#toClient,
      this.#toDatabase,
    )
    const status = parameterStatus('server_encoding', 'UTF8')
    this.#conversation.fromDatabase(Buffer.concat([status, readyForQuery('I')]))
    this.#toClient.take()
  }

  get isIdle(): boolean {
    return this.#conversation.isIdle
  }

  /** What reaches the database when the client says `messages`. */
  async client(...messages: readonly Buffer[]): Promise<Buffer> {
    await this.#conversation.fromClient(Buffer.concat(messages))
    return this.#toDatabase.take()
  }

  /** What reaches the client when the database says `messages`. */
  async database(...messages: readonly Buffer[]): Promise<Buffer> {
    await this.#conversation.fromDatabase(Buffer.concat(messages))
    return this.#toClient.take()
  }
}

export interface ConversationParts {
  readonly planner: Planner
  readonly columns: ColumnTable
  readonly schema?: LearnedSchema
  readonly decryptsUnconfigured: boolean
  readonly detectsPoison: boolean
  readonly limits?: { readonly heldSizeMax: number }
}

/** What conversations of a configuration share, with the real parser. */
export async function conversationParts(
  yaml: string = usersConfig,
  onUnprotected: 'refuse' | 'pass' = 'refuse',
): Promise<ConversationParts> {
  const parser = await loadParser()
  const config = loadEncryptorConfig(yaml, 'encryptor_config.yaml', postgresTraits, {
    onUnprotected,
  })
  const settings = config.tables.flatMap((table) => [...table.protected.values()])
  const columns = new ColumnTable(settings, columnFor, anyColumn)
  const planner = new Planner({
    idle: config.empty,
    columns,
    analyze: (text, shape, paths) => analyzeText(parser, text, shape, config, paths),
    followsPath: config.followsPath,
    cacheCount: 1000,
    cacheSize: 1 << 24,
    textSizeMax: 1 << 16,
    onCacheTurn: () => {},
  })
  return { planner, columns, decryptsUnconfigured: true, detectsPoison: false }
}

/** A stream of messages cut into its messages: type and content. */
export function framesOf(stream: Buffer): { type: string; bytes: Buffer }[] {
  const frames: { type: string; bytes: Buffer }[] = []
  for (let at = 0; at < stream.length; ) {
    const end = at + 1 + stream.readInt32BE(at + 1)
    if (end > stream.length) throw new Error('a message is cut')
    frames.push({ type: String.fromCharCode(stream[at]!), bytes: stream.subarray(at, end) })
    at = end
  }
  return frames
}

/** The types of a stream's messages, such as `1T2DCZ`. */
export function typesOf(stream: Buffer): string {
  return framesOf(stream)
    .map(({ type }) => type)
    .join('')
}
