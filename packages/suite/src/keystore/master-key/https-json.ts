import { request as requestPlainly } from 'node:http'
import { request as requestByTls } from 'node:https'
import { isIP } from 'node:net'
import type { Duplex } from 'node:stream'
import { connect } from 'node:tls'
import { RevocationError } from '../../net/revocation/index.ts'
import type { PeerCheck, TlsTrust } from '../../net/tls/index.ts'
import { sourceUnavailable } from './source.ts'

export interface JsonRequest {
  readonly method: 'GET' | 'POST'
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
  readonly trust: TlsTrust
  /** Asks whether the certificate of the service was revoked, before anything is sent; null where nobody is asked. */
  readonly check: PeerCheck | null
  /** From the start to the last byte of the answer. */
  readonly timeoutMs: number
}

export interface JsonAnswer {
  readonly status: number
  /** The parsed body; undefined where it is not JSON. */
  readonly body: unknown
}

const ANSWER_SIZE_MAX = 1024 * 1024

/** One request. Rejects with KeystoreError `master-key-unavailable` where no whole answer comes in time; `service` is its name in the message. */
export function requestJson(service: string, request: JsonRequest): Promise<JsonAnswer> {
  const { method, url, headers, body, timeoutMs } = request
  const isTls = url.protocol === 'https:'
  const send = isTls ? requestByTls : requestPlainly
  return new Promise((resolve, reject) => {
    const fail = (reason: string, cause?: unknown) => {
      clearTimeout(timer)
      sent.destroy()
      reject(sourceUnavailable(`${service} at ${url.host} cannot be reached: ${reason}`, cause))
    }
    const over = new AbortController()
    const connection = isTls
      ? { createConnection: securely(request, over.signal) }
      : { agent: false }
    const sent = send(url, { method, headers, ...connection }, (answer) => {
      const chunks: Buffer[] = []
      let size = 0
      answer.on('data', (chunk: Buffer) => {
        size += chunk.length
        if (size > ANSWER_SIZE_MAX) fail(`its answer has more than ${ANSWER_SIZE_MAX} bytes`)
        else chunks.push(chunk)
      })
      answer.on('error', (error) => fail(reasonOf(error), error))
      answer.on('end', () => {
        clearTimeout(timer)
        const text = Buffer.concat(chunks).toString()
        resolve({ status: answer.statusCode ?? 0, body: parsed(text) })
      })
    })
    const timer = setTimeout(() => fail(`no answer within ${timeoutMs} ms`), timeoutMs)
    sent.on('error', (error) => fail(reasonOf(error), error))
    sent.once('close', () => over.abort())
    sent.end(body)
  })
}

type CreateConnection = (
  options: object,
  done: (error: Error | null, socket: Duplex) => void,
) => undefined

/** Connects by TLS, and gives the connection away once the certificate of the other side is known not to be revoked. */
function securely({ url, trust, check }: JsonRequest, signal: AbortSignal): CreateConnection {
  return (_, done) => {
    const host = url.hostname.replace(/^\[|\]$/g, '')
    const socket = connect({
      host,
      port: Number(url.port || 443),
      // An address is no name to ask for.
      ...(isIP(host) === 0 ? { servername: host } : {}),
      ...trust,
      ca: [...trust.ca],
    })
    const fail = (error: Error) => {
      socket.destroy()
      done(error, socket)
    }
    socket.once('error', fail)
    socket.once('secureConnect', async () => {
      try {
        await check?.(socket.getPeerCertificate(true))
        socket.off('error', fail)
        done(null, socket)
      } catch (error) {
        fail(error as Error) // A check rejects with errors only.
      }
    })
    signal.addEventListener('abort', () => socket.destroy(), { once: true })
    return undefined
  }
}

/** What went wrong, in words that name no secret: the code of the system or of TLS. */
export function reasonOf(error: Error): string {
  if (error instanceof RevocationError) return `${error.message}. ${error.hint}`
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name
  return reasons[code] ?? code
}

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'the connection was closed',
  ENOTFOUND: 'its host name is not known',
  EAI_AGAIN: 'its host name cannot be looked up now',
  ETIMEDOUT: 'the connection timed out',
  EHOSTUNREACH: 'no route to its host',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is signed by itself; name its authority',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is of an unknown authority; name that authority',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    'its certificate is of an unknown authority; name that authority',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    'its certificate is of an unknown authority; name that authority',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate bears another name',
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // The caller knows by the status what to say.
  }
}
