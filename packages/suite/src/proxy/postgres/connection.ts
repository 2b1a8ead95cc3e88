import { BufferSink, type Soon, soon } from '../../foundation/index.ts'
import { serverEndPoint } from '../../net/identity/index.ts'
import { DialError } from '../../net/index.ts'
import { type TlsClientInfo, TlsError } from '../../net/tls/index.ts'
import { type Access, PoisonError } from '../../transform/index.ts'
import { ProtocolError } from '../../wire/index.ts'
import {
  type ErrorReport,
  encodeErrorResponse,
  type StartupMessage,
  type StartupPacket,
  StartupReader,
} from '../../wire/postgres/index.ts'
import type { Conversation, Side } from '../conversation.ts'
import { DatabaseEndedError, type Link, TimeoutError } from '../relay.ts'
import { ConnectionRefused } from './connection-refused.ts'
import { PostgresConversation } from './conversation.ts'
import type { ConversationObserver, ConversationSettings } from './conversation-settings.ts'
import { type Credential, Login, ScramError } from './login/index.ts'
import { PassThrough } from './pass-through.ts'
import { RowRevealer } from './rows.ts'
import { type SessionNames, sessionNames } from './search-paths.ts'

/** Answers to SSLRequest and GSSENCRequest: not here, and begin. */
const NO = Buffer.from('N')
const YES = Buffer.from('S')
const NOTHING = Buffer.alloc(0)
/** One of each kind: a client that went on asking would fill the memory with answers. */
const ENCRYPTION_REQUESTS_MAX = 2

/** TLS for clients: not to be had, as they like, or the only way in (but for requests to cancel, which libpq sends without). */
export type ClientTls = 'none' | 'offered' | 'required'

/** How clients come in. */
export interface Entrance {
  readonly tls: ClientTls
  /** What is known of the database's users: the auth file. */
  readonly users: ReadonlyMap<string, Credential>
}

/** Who a client is. */
export interface Identity {
  /** Null where nobody has said which client this is. */
  readonly access: Access | null
  readonly observer: ConversationObserver
  /** Those of the client's database, where each has its own. */
  readonly settings?: ConversationSettings
}

/** What a client says of itself before the database is dialled for it. */
export interface ClientArrival {
  /** The client id of its certificate; null where it has shown none. */
  readonly certificateId: string | null
  /** The user of the database that it logs in as. */
  readonly user: string
  /** The database that it asks for. */
  readonly database: string
}

/** Asked before the database is dialled for a client; what it throws ends the connection. */
export type Admit = (arrival: ClientArrival) => Soon<Identity>

type EncryptionRequest = {
  readonly kind: 'ssl-request' | 'gss-encryption-request' | 'tls'
}

/** How far a client is from speaking TLS. */
type Channel = 'plain' | 'handshake' | 'tls'

/** One client's connection from its first byte on. The database is dialled once the client has said what it wants. */
export class PostgresConnection implements Conversation {
  readonly #link: Link
  #settings: ConversationSettings
  readonly #entrance: Entrance
  readonly #admit: Admit
  #isEnding = false
  #encryptionRequests = 0
  #startup: StartupReader | null = new StartupReader()
  #channel: Channel = 'plain'
  #hasSaidNo = false
  #client: TlsClientInfo | null = null
  #conversation: PostgresConversation | PassThrough | null = null

  constructor(link: Link, settings: ConversationSettings, entrance: Entrance, admit: Admit) {
    this.#link = link
    this.#settings = settings
    this.#entrance = entrance
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
    if (this.#conversation?.hasSaidFatal === false) this.#link.toClient.put(errorResponse(shutDown))
    this.#link.close()
  }

  lastWords(error: Error, side: Side): Buffer | null {
    if (this.#channel === 'handshake') return null
    // One error ends a connection.
    if (this.#conversation?.hasSaidFatal === true) return NOTHING
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
      switch (packet.kind) {
        case 'tls':
          return this.#beginDirectTls(chunk)
        case 'ssl-request':
        case 'gss-encryption-request':
          if (this.#channel === 'tls')
            throw new ProtocolError('a request for encryption inside TLS')
          if (++this.#encryptionRequests > ENCRYPTION_REQUESTS_MAX) {
            throw new ProtocolError('encryption is asked for again and again')
          }
          if (packet.kind === 'ssl-request' && this.#entrance.tls !== 'none') {
            return this.#beginTls(chunk.subarray(at))
          }
          this.#say(NO)
          this.#hasSaidNo = true
          break
        default:
          this.#startup = null
          return this.#open(packet, chunk.subarray(at))
      }
    }
  }

  /** `rest` was not sent over TLS: somebody in between may have put it there, to be taken for the client's words. */
  async #beginTls(rest: Buffer): Promise<void> {
    if (rest.length > 0) throw new ProtocolError('bytes in the clear behind the request for TLS')
    this.#say(YES)
    await this.#secure(rest)
  }

  /**
   * TLS from the first byte on, as of PostgreSQL 17. The client must name the protocol, so that nobody can have led it here
   * from a server of another kind.
   */
  async #beginDirectTls(chunk: Buffer): Promise<void> {
    if (this.#entrance.tls === 'none') throw new ProtocolError('TLS, which is not offered here')
    if (this.#channel === 'tls' || this.#hasSaidNo) {
      throw new ProtocolError('TLS in a place where it cannot begin')
    }
    const { protocol } = await this.#secure(chunk)
    if (protocol === null)
      throw new ProtocolError('direct TLS without the protocol postgresql (ALPN)')
  }

  async #secure(first: Buffer): Promise<TlsClientInfo> {
    this.#channel = 'handshake'
    this.#startup = new StartupReader()
    try {
      const client = await this.#link.secureClient(first)
      this.#channel = 'tls'
      this.#client = client
      return client
    } catch (error) {
      if (error instanceof TlsError && error.code === 'tls-client-refused') this.#channel = 'tls'
      throw error
    }
  }

  #say(word: Buffer): void {
    this.#link.toClient.put(word)
    this.#link.toClient.flush()
  }

  /** `rest` are the bytes behind the packet. */
  async #open(packet: Exclude<StartupPacket, EncryptionRequest>, rest: Buffer): Promise<void> {
    switch (packet.kind) {
      case 'cancel':
        await this.#link.openDatabase()
        this.#link.toDatabase.put(packet.bytes)
        this.#link.toDatabase.flush()
        return
      case 'startup':
        await this.#begin(packet)
        return this.#conversation?.fromClient(rest)
      case 'unknown-version':
        throw new ConnectionRefused('unknown-protocol', unknownVersion(packet.major, packet.minor))
    }
  }

  async #begin({ bytes, parameters }: StartupMessage): Promise<void> {
    if (this.#entrance.tls === 'required' && this.#channel !== 'tls') {
      throw new ConnectionRefused('tls-required', tlsRequired)
    }
    const certificateId = this.#client?.clientId ?? null
    const user = parameters.get('user') ?? ''
    const identity = await this.#admit({ certificateId, user, database: databaseOf(parameters) })
    this.#settings = identity.settings ?? this.#settings
    if (identity.access === null && this.#needsIdentity) {
      throw new ConnectionRefused('no-client-id', noClientId)
    }
    const certificate = await this.#link.openDatabase()
    const login = certificate === null ? null : this.#login(user, certificate)
    this.#conversation = this.#converse(identity, login, sessionNames(parameters))
    this.#link.toDatabase.put(bytes)
    this.#link.toDatabase.flush()
  }

  /** Nothing is opened or sealed for a client that nobody knows. */
  get #needsIdentity(): boolean {
    const { planner, decryptsUnconfigured, detectsPoison } = this.#settings
    return !planner.idle || decryptsUnconfigured || detectsPoison
  }

  #login(user: string, databaseCertificate: Buffer): Login {
    return new Login({
      user,
      credential: this.#entrance.users.get(user) ?? null,
      clientEndPoint: this.#client?.endPoint ?? null,
      databaseEndPoint: serverEndPoint(databaseCertificate),
      toClient: this.#link.toClient,
      toDatabase: this.#link.toDatabase,
    })
  }

  #converse(
    { access, observer }: Identity,
    login: Login | null,
    names: SessionNames,
  ): PostgresConversation | PassThrough {
    const { toClient, toDatabase } = this.#link
    const { planner, columns, heldSizeMax, decryptsUnconfigured, detectsPoison } = this.#settings
    if (access === null || !this.#needsIdentity) {
      return new PassThrough(toClient, toDatabase, login)
    }
    if (planner.idle) {
      const rows = new RowRevealer(columns, access, toClient)
      const reading = { rows, opens: decryptsUnconfigured, mustRead: detectsPoison, heldSizeMax }
      return new PassThrough(toClient, toDatabase, login, reading)
    }
    return new PostgresConversation(
      this.#settings,
      access,
      observer,
      toClient,
      toDatabase,
      login,
      names,
    )
  }
}

/** The database of a start-up packet; as for the server, it has the user's name where none is given. */
function databaseOf(parameters: ReadonlyMap<string, string>): string {
  return parameters.get('database') || (parameters.get('user') ?? '')
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
  hint: 'Start acra-server with --client_id, or with --tls_client_id_from_cert for clients that show a certificate.',
}

const tlsRequired: ErrorReport = {
  severity: 'FATAL',
  sqlState: '28000',
  message: 'acra-server takes connections over TLS only',
  hint: 'Connect with sslmode=verify-full, or at least require.',
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
  if (error instanceof TlsError) return tlsReport(error)
  if (error instanceof PoisonError) return shutDown
  if (error instanceof ScramError) {
    return fatal('08006', `acra-server could not log in to the database: ${error.message}`)
  }
  if (error instanceof TimeoutError) return fatal('08006', error.message)
  const isLost = error instanceof DialError || (side === 'database' && isOfSocket(error))
  return isLost
    ? fatal('08006', 'acra-server has no connection to the database')
    : fatal('XX000', 'internal error of acra-server')
}

/** The connection is gone. What Node reports of a socket names the system call that failed. */
function isOfSocket(error: Error): boolean {
  return error instanceof DatabaseEndedError || 'syscall' in error
}

function tlsReport({ code, message, hint }: TlsError): ErrorReport {
  if (code !== 'tls-connect-failed') return fatal('28000', message, hint)
  return fatal('08006', `acra-server has no connection to the database: ${message}`, hint)
}

function fatal(sqlState: string, message: string, hint: string | null = null): ErrorReport {
  return { severity: 'FATAL', sqlState, message, hint }
}
