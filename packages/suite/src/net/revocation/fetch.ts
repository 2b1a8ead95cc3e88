import { type IncomingMessage, request as requestPlainly } from 'node:http'
import { request as requestByTls } from 'node:https'
import { SourceError } from './revocation-error.ts'

export interface FetchOptions {
  readonly method: 'GET' | 'POST' | 'HEAD'
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Buffer
  /** Of the answer, in bytes. */
  readonly sizeMax: number
  /** From the start to the last byte of the answer. */
  readonly timeoutMs: number
  /** Who may vouch for a server that is asked by https: certificates in PEM. */
  readonly authorities: readonly string[]
}

/**
 * The body of an answer with status 200; for HEAD nothing, as soon as there is an answer with any status. Rejects with SourceError. Redirections
 * are not followed. What a server sends behind a whole answer does not matter: the responder of `openssl ocsp` answers a HEAD twice.
 */
export function fetchBytes(url: URL, options: FetchOptions): Promise<Buffer> {
  const { method, headers, body, sizeMax, timeoutMs, authorities } = options
  return new Promise((resolve, reject) => {
    const fail = (reason: string, cause?: unknown) => {
      clearTimeout(timer)
      sent.destroy()
      reject(new SourceError(reason, { cause }))
    }
    let isWhole = () => false
    const onAnswer = (answer: IncomingMessage) => {
      isWhole = () => answer.complete
      if (method === 'HEAD') {
        clearTimeout(timer)
        answer.on('error', () => {})
        sent.destroy()
        return resolve(Buffer.alloc(0))
      }
      if (answer.statusCode !== 200) {
        return fail(`server returned non-OK status: ${answer.statusCode}`)
      }
      const chunks: Buffer[] = []
      let size = 0
      answer.on('data', (chunk: Buffer) => {
        size += chunk.length
        if (size > sizeMax) fail(`the answer has more than ${sizeMax} bytes`)
        else chunks.push(chunk)
      })
      answer.on('error', (error) => fail(reasonOf(error), error))
      answer.on('end', () => {
        clearTimeout(timer)
        resolve(Buffer.concat(chunks))
      })
    }
    const common = {
      method,
      headers: { ...headers, ...(body ? { 'Content-Length': body.length } : {}) },
      agent: false,
    } as const
    const sent =
      url.protocol === 'https:'
        ? requestByTls(url, { ...common, ca: [...authorities] }, onAnswer)
        : requestPlainly(url, common, onAnswer)
    const timer = setTimeout(() => fail(`no answer within ${timeoutMs} ms`), timeoutMs)
    sent.on('error', (error) => {
      if (!isWhole()) fail(reasonOf(error), error)
    })
    sent.end(body)
  })
}

function reasonOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name
}
