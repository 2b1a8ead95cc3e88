import { AcraError, BufferSink, type Soon, soon } from '../../foundation/index.ts'
import { DialError } from '../../net/index.ts'
import type { Access } from '../../transform/index.ts'
import { ProtocolError } from '../../wire/index.ts'
import {
  type ErrorReport,
  encodeErrorResponse,
  type StartupPacket,
  StartupReader,
} from '../../wire/postgres/index.ts'
import type { Conversation, Side } from '../conversation.ts'
import { type Link, TimeoutError } from '../relay.ts'
import { PostgresConversation } from './conversation.ts'
import type { ConversationObserver, ConversationSettings } from './conversation-settings.ts'
import { PassThrough } from './pass-through.ts'
import { RowRevealer } from './rows.ts'

/** Answers to SSLRequest and GSSENCRequest: not here. */
const NO = Buffer.from('N')
/** One of each kind: a client that went on asking would fill the memory with answers. */
const ENCRYPTION_REQUESTS_MAX = 2

/** A client that may not come in; `report` is what it is told. */
export class ConnectionRefused extends AcraError {
  readonly report: ErrorReport

  constructor(code: string, report: ErrorReport) {
    super(code, report.message)
    this.report = report
  }
}

/** One client's connection from its first byte on. The database is dialled once the client has said what it wants. */
export class PostgresConnection implements Conversation {
  readonly #link: Link
  readonly #settings: ConversationSettings
  readonly #access: Access | null
  readonly #observer: ConversationObserver
  readonly #admit: () => Soon<void>
  #isEnding = false
  #encryptionRequests = 0
  #startup: StartupReader | null = new StartupReader()
  #conversation: PostgresConversation | PassThrough | null = null

  /**
   * `access` is null where nobody has said which client this is. `admit` is asked before the database is dialled for a
   * client; what it throws ends the connection.
   */
  constructor(
    link: Link,
    settings: ConversationSettings,
    access: Access | null,
    observer: ConversationObserver,
    admit: () => Soon<void> = () => {},
  ) {
    this.#link = link
    this.#settings = settings
    this.#access = access
    this.#observer = observer
    this.#admit = admit
  }

  get isStarting(): boolean {
    return this.#conversation?.isReady !== true
  }

  /** A request to cancel has no answer: its connection just ends. */
  get mayDatabaseEnd(): boolean {
    return this.#conversation?.mayDatabaseEnd ?? true
  }

  isInsideMessage(side: Side): boolean {
    return this.#conversation?.isInsideMessage(side) ?? true
  }

  fromClient(chunk: Buffer): Soon<void> {
    if (this.#startup === null) return this.#conversation?.fromClient(chunk)
    return this.#starting(this.#startup, chunk)
  }

  fromDatabase(chunk: Buffer): Soon<void> {
    const done = this.#conversation?.fromDatabase(chunk)
    return this.#isEnding ? soon(done, () => this.endWhenIdle()) : done
  }

  /** Ends the connection as soon as the client waits for nothing: at once, or after the running statement. */
  endWhenIdle(): void {
    this.#isEnding = true
    if (this.#conversation?.isIdle === false) return
    if (this.#conversation !== null) this.#link.toClient.put(errorResponse(shutDown))
    this.#link.close()
  }

  lastWords(error: Error, side: Side): Buffer | null {
    if (this.#conversation?.isInsideMessage('database') === true) return null
    return errorResponse(reportOf(error, side))
  }

  /** Answers first packets until the one comes that says who wants what. */
  #starting(reader: StartupReader, chunk: Buffer): Soon<void> {
    let at = 0
    for (;;) {
      const packet = reader.read(chunk, at)
      if (packet === null) return
      at = reader.at
      if (packet.kind !== 'ssl-request' && packet.kind !== 'gss-encryption-request') {
        this.#startup = null
        return this.#open(packet, chunk, at)
      }
      if (++this.#encryptionRequests > ENCRYPTION_REQUESTS_MAX) {
        throw new ProtocolError('encryption is asked for again and again')
      }
      this.#link.toClient.put(NO)
      this.#link.toClient.flush()
    }
  }

  async #open(packet: StartupPacket, chunk: Buffer, at: number): Promise<void> {
    switch (packet.kind) {
      case 'cancel':
        await this.#link.openDatabase()
        this.#link.toDatabase.put(packet.bytes)
        this.#link.toDatabase.flush()
        return
      case 'startup':
        await this.#begin(packet.bytes)
        return this.#conversation?.fromClient(chunk.subarray(at))
      case 'unknown-version':
        throw new ConnectionRefused('unknown-protocol', unknownVersion(packet.major, packet.minor))
      default:
        throw new ProtocolError('TLS without being asked for, which is not offered here')
    }
  }

  async #begin(startup: Buffer): Promise<void> {
    const conversation = this.#converse()
    await this.#admit()
    await this.#link.openDatabase()
    this.#conversation = conversation
    this.#link.toDatabase.put(startup)
    this.#link.toDatabase.flush()
  }

  #converse(): PostgresConversation | PassThrough {
    const { toClient, toDatabase } = this.#link
    const { planner, columns, decryptsUnconfigured, heldSizeMax } = this.#settings
    if (planner.idle && !decryptsUnconfigured) return new PassThrough(toClient, toDatabase)
    if (this.#access === null) throw new ConnectionRefused('no-client-id', noClientId)
    if (planner.idle) {
      const rows = new RowRevealer(columns, this.#access, toClient)
      return new PassThrough(toClient, toDatabase, rows, heldSizeMax)
    }
    return new PostgresConversation(
      this.#settings,
      this.#access,
      this.#observer,
      toClient,
      toDatabase,
    )
  }
}

const shutDown: ErrorReport = {
  severity: 'FATAL',
  sqlState: '57P01',
  message: 'terminating connection: acra-server is being stopped',
  hint: null,
}

const noClientId: ErrorReport = {
  severity: 'FATAL',
  sqlState: '28000',
  message: 'acra-server does not know which client this is',
  hint: 'Start acra-server with --client_id.',
}

function unknownVersion(major: number, minor: number): ErrorReport {
  return {
    severity: 'FATAL',
    sqlState: '0A000',
    message: `unsupported frontend protocol ${major}.${minor}: acra-server supports 3.0 to 3.2`,
    hint: null,
  }
}

function errorResponse(report: ErrorReport): Buffer {
  const sink = new BufferSink()
  encodeErrorResponse(report, sink)
  return sink.take()
}

/** What a client is told of the end of its connection. */
function reportOf(error: Error, side: Side): ErrorReport {
  if (error instanceof ConnectionRefused) return error.report
  if (error instanceof ProtocolError) {
    return fatal('08P01', `protocol violation by the ${side}: ${error.message}`)
  }
  if (error instanceof TimeoutError) return fatal('08006', error.message)
  return side === 'database' || error instanceof DialError
    ? fatal('08006', 'acra-server has no connection to the database')
    : fatal('XX000', 'internal error of acra-server')
}

function fatal(sqlState: string, message: string): ErrorReport {
  return { severity: 'FATAL', sqlState, message, hint: null }
}
