import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What is answered to a request with this body. */
export type Answer = (question: Buffer) => Buffer | Promise<Buffer>

/** Responders and lists on one port of the loopback. */
export interface Sources {
  /** `http://127.0.0.1:port` */
  readonly url: string
  /** By path; what is not here is not found. */
  readonly answers: Map<string, Answer>
  /** The paths that were asked for, in their order, with the method. */
  readonly asked: string[]
  stop(): void
}

export async function startSources(): Promise<Sources> {
  const answers = new Map<string, Answer>()
  const asked: string[] = []
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const path = request.url ?? ''
    asked.push(`${request.method} ${path}`)
    const answer = answers.get(path)
    if (answer === undefined || request.method === 'HEAD') {
      response.writeHead(answer === undefined ? 404 : 200).end()
      return
    }
    try {
      response.end(await answer(Buffer.concat(chunks)))
    } catch (error) {
      response.writeHead(500).end(String(error))
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    answers,
    asked,
    stop() {
      server.close()
      server.closeAllConnections()
    },
  }
}
