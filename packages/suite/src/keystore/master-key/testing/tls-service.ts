import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { Socket } from 'node:net'
import type { Authority } from '../../../net/tls/testing/index.ts'

/** How a stand-in behaves: works, never answers, or closes connections. */
export type Condition = 'up' | 'silent' | 'down'

/** What a stand-in is asked. */
export interface Asked {
  readonly method: string
  /** Path and query. */
  readonly target: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

export interface Answer {
  readonly status: number
  readonly body: unknown
  readonly type?: string
}

/** An HTTPS server on a free port of loopback that answers by one function. It can be slow, silent, and down. */
export class TlsService {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  condition: Condition = 'up'
  /** How long every answer takes. */
  delayMs = 0
  /** Every request that came while it was up. */
  readonly asked: Asked[] = []

  private constructor(server: Server) {
    this.#server = server
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket)
      socket.on('close', () => this.#sockets.delete(socket))
      if (this.condition === 'down') socket.destroy()
    })
  }

  /** `asksForCertificate`: clients must show one of this authority. */
  static async start(
    authority: Authority,
    name: string,
    answer: (asked: Asked) => Answer,
    asksForCertificate = false,
  ): Promise<TlsService> {
    const { cert, key } = authority.server(name)
    const demand = { ca: authority.cert, requestCert: true, rejectUnauthorized: true }
    const server = createServer({ cert, key, ...(asksForCertificate ? demand : {}) })
    const service = new TlsService(server)
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => service.#answer(request, Buffer.concat(chunks), response, answer))
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return service
  }

  get url(): string {
    const address = this.#server.address()
    return typeof address === 'object' ? `https://127.0.0.1:${address?.port}` : ''
  }

  /** Down, with every open connection. */
  goDown(): void {
    this.condition = 'down'
    for (const socket of this.#sockets) socket.destroy()
  }

  comeBack(): void {
    this.condition = 'up'
  }

  close(): void {
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
  }

  #answer(
    { method = '', url = '', headers }: IncomingMessage,
    body: Buffer,
    response: ServerResponse,
    answer: (asked: Asked) => Answer,
  ): void {
    if (this.condition !== 'up') return
    const asked = { method, target: url, headers, body: body.toString() }
    this.asked.push(asked)
    const found = answer(asked)
    setTimeout(() => {
      response.writeHead(found.status, { 'content-type': found.type ?? 'application/json' })
      response.end(found.body === undefined ? '' : JSON.stringify(found.body))
    }, this.delayMs)
  }
}
