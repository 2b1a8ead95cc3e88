import { type ClientHttp2Session, connect } from 'node:http2'

/** One connection of HTTP/2 over TLS to this machine; one that was idle for too long is made anew. */
export class Http2Client {
  readonly #open: () => ClientHttp2Session
  #session: ClientHttp2Session | null = null

  constructor(
    port: number,
    identity: { readonly ca: string; readonly cert: string; readonly key: string },
  ) {
    this.#open = () => connect(`https://localhost:${port}`, identity)
  }

  /** Posts JSON, and answers the body of the answer. Rejects where its status is not 200. */
  post(path: string, body: string): Promise<Buffer> {
    const head = { ':method': 'POST', ':path': path, 'content-type': 'application/json' }
    if (this.#session === null || this.#session.closed) this.#session = this.#open()
    const session = this.#session
    return new Promise((resolve, reject) => {
      const chunks: Buffer[] = []
      let status = 0
      session
        .request(head)
        .on('response', (headers) => {
          status = Number(headers[':status'])
        })
        .on('data', (chunk: Buffer) => chunks.push(chunk))
        .on('error', reject)
        .on('end', () => {
          if (status === 200) resolve(Buffer.concat(chunks))
          else reject(new Error(`status ${status} of ${path}`))
        })
        .end(body)
    })
  }

  close(): void {
    this.#session?.close()
  }
}
