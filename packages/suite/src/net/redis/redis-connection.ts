import { isIP } from 'node:net'
import { checkServerIdentity, type PeerCertificate } from 'node:tls'
import { RevocationError } from '../revocation/index.ts'
import type { PeerCheck, TlsTrust } from '../tls/index.ts'
import { RedisError } from './redis-error.ts'

/** Where a database of Redis is, and how to log in. */
export interface RedisAddress {
  readonly host: string
  readonly port: number
  readonly database: number
  /** The ACL user; the default one where it is empty. */
  readonly user: string
  /** Empty where none is asked for. */
  readonly password: string
  /** Null where there is no TLS. */
  readonly trust: TlsTrust | null
  /** Asks whether the certificate of Redis was revoked; null where nobody is asked. */
  readonly check: PeerCheck | null
}

/** What Redis answers. */
export type RedisReply = string | number | null | readonly RedisReply[]

/** What is used of the client library. */
interface Client {
  sendCommand(words: string[]): Promise<unknown>
  ref(): void
  unref(): void
  destroy(): void
}

/** How long a connection may take, TLS and login included, and then each answer. */
const PATIENCE_MS = 10_000
/** A connection that nobody uses for so long is given up. */
const IDLE_MS = 10_000

/**
 * Commands to one database of Redis. It connects when it is asked and lets go when nobody asks any more, so that it need not be closed, does not
 * keep a process alive, and finds a Redis that was restarted.
 */
export class RedisConnection {
  /** `redis://host:port/database`, for messages. */
  readonly place: string
  readonly #address: RedisAddress
  readonly #patienceMs: number
  #client: Promise<Client> | null = null
  #waiting = 0
  #idle: NodeJS.Timeout | null = null

  constructor(address: RedisAddress, patienceMs = PATIENCE_MS) {
    const { host, port, database, trust } = address
    const name = host.includes(':') ? `[${host}]` : host
    this.place = `${trust === null ? 'redis' : 'rediss'}://${name}:${port}/${database}`
    this.#address = address
    this.#patienceMs = patienceMs
  }

  /** Sends a command. Rejects with RedisError `redis-unavailable` where no answer comes in time, `redis-refused` where Redis says no. */
  async send(...words: readonly string[]): Promise<RedisReply> {
    this.#waiting++
    if (this.#idle !== null) clearTimeout(this.#idle)
    try {
      const client = await this.#connected()
      client.ref()
      return await this.#answerOf(client, words)
    } finally {
      this.#waiting--
      if (this.#waiting === 0) await this.#rest()
    }
  }

  async #answerOf(client: Client, words: readonly string[]): Promise<RedisReply> {
    const timer = setTimeout(() => this.#drop(client), this.#patienceMs)
    try {
      // The library answers in RESP2 without type mapping: texts, numbers, null, and lists of these.
      return (await client.sendCommand([...words])) as RedisReply
    } catch (error) {
      if (isRefusal(error)) throw this.#refused(error)
      this.#drop(client)
      throw this.#unavailable(error)
    } finally {
      clearTimeout(timer)
    }
  }

  #connected(): Promise<Client> {
    this.#client ??= this.#connect().catch((error) => {
      this.#client = null
      throw isRefusal(error) ? this.#refused(error) : this.#unavailable(error)
    })
    return this.#client
  }

  async #connect(): Promise<Client> {
    const { createClient } = await import('@redis/client')
    const { host, port, database, user, password, trust, check } = this.#address
    let shown: PeerCertificate | null = null
    const socket = {
      host,
      port,
      connectTimeout: this.#patienceMs,
      reconnectStrategy: false,
    } as const
    const client = createClient({
      socket:
        trust === null
          ? socket
          : {
              ...socket,
              tls: true,
              ...serverName(host),
              ...trust,
              ca: [...trust.ca],
              checkServerIdentity(name: string, certificate: PeerCertificate) {
                shown = certificate
                return checkServerIdentity(name, certificate)
              },
            },
      database,
      RESP: 2,
      credentialsProvider: {
        type: 'async-credentials-provider',
        // Asked for on every new connection, before anything is sent.
        credentials: async () => {
          await check?.(shown)
          return {
            ...(user === '' ? {} : { username: user }),
            ...(password === '' ? {} : { password }),
          }
        },
      },
    })
    // Every failure is told to those who wait; without a listener it would end the process.
    client.on('error', () => this.#drop(client))
    await this.#inTime(client.connect(), () => this.#drop(client))
    return client
  }

  /** The time limit of the library ends with the connection: a Redis that stands still is not heard of after that. */
  async #inTime(connecting: Promise<unknown>, giveUp: () => void): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error('nothing was answered in time')), this.#patienceMs)
    })
    try {
      await Promise.race([connecting, late])
    } catch (error) {
      giveUp()
      throw error
    } finally {
      clearTimeout(timer)
    }
  }

  #drop(client: Client): void {
    const forget = (current: Client) => {
      if (current === client) this.#client = null
    }
    // A connection that never came to be is forgotten where it was asked for.
    this.#client?.then(forget, () => undefined)
    try {
      client.destroy()
    } catch {
      // It is closed already.
    }
  }

  async #rest(): Promise<void> {
    const client = await this.#client?.catch(() => null)
    if (!client || this.#waiting > 0) return
    client.unref()
    if (this.#idle !== null) clearTimeout(this.#idle)
    this.#idle = setTimeout(() => this.#drop(client), IDLE_MS).unref()
  }

  #refused(cause: unknown): RedisError {
    // The first word names the kind of refusal: WRONGPASS, NOAUTH, NOPERM. What follows may repeat what was asked.
    const kind = cause instanceof Error ? (/^[A-Z]+/.exec(cause.message)?.[0] ?? '') : ''
    return new RedisError('redis-refused', `${this.place} refuses: ${kind}`, { cause })
  }

  #unavailable(cause: unknown): RedisError {
    const reason = reasonOf(cause) || 'the connection was closed, or nothing was answered in time'
    return new RedisError('redis-unavailable', `${this.place} cannot be reached: ${reason}`, {
      cause,
    })
  }
}

function reasonOf(cause: unknown): string {
  if (cause instanceof RevocationError) return `${cause.message}. ${cause.hint}`
  return cause instanceof Error && 'code' in cause ? String(cause.code) : ''
}

/** The name that a certificate must bear is never sent where it is an address. */
function serverName(host: string): { readonly servername?: string } {
  return isIP(host) === 0 ? { servername: host } : {}
}

/** An answer of Redis that is an error begins with its kind in capitals. */
function isRefusal(error: unknown): boolean {
  return error instanceof Error && /^(-)?[A-Z]{3,}( |$)/.test(error.message)
}
