/** A web server for pages of tests, on loopback. */
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What a page may do: run the scripts of its own origin, WebAssembly included, and ask its own origin. No `eval`. */
const POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'"

export interface Pages {
  /** The address of the page. */
  readonly url: string
  stop(): Promise<void>
}

/** Serves a page that loads the module `script`, and further files by their names; what is none of them goes to `otherwise`. */
export async function servePages(
  script: string,
  files: ReadonlyMap<string, Uint8Array> = new Map(),
  otherwise: RequestListener = (_, response) => response.writeHead(404).end(),
): Promise<Pages> {
  const content = new Map<string, readonly [type: string, body: string | Uint8Array]>([
    ['/', ['text/html', '<!doctype html><script type="module" src="/script.js"></script>']],
    ['/script.js', ['text/javascript', script]],
    ['/favicon.ico', ['image/x-icon', '']],
  ])
  for (const [name, body] of files) content.set(`/${name}`, [typeOf(name), body])
  const server = createServer((request, response) => {
    const found = content.get(request.url ?? '')
    if (found === undefined) return otherwise(request, response)
    const [type, body] = found
    response.writeHead(200, { 'Content-Type': type, 'Content-Security-Policy': POLICY }).end(body)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async stop() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

function typeOf(name: string): string {
  return name.endsWith('.wasm') ? 'application/wasm' : 'application/octet-stream'
}
