/**
 * What an application's own web server does for its pages: it passes calls on to acra-translator with the application's certificate, which no
 * page has. The page asks its own origin, so that no other site's page can ask in its name.
 */
import type { IncomingMessage, RequestListener } from 'node:http'
import { request } from 'node:https'
import { pipeline } from 'node:stream'
import type { SecureContextOptions } from 'node:tls'

export interface Relay {
  readonly listener: RequestListener
  /** The paths that pages have asked for, also those that got no answer. */
  readonly asked: string[]
  /** What becomes of the requests to come: passed on, cut off, or left without an answer. */
  behaviour: 'pass' | 'cut' | 'hang'
}

/** Passes requests on to the HTTP interface at `port` of loopback. */
export function relayTo(port: number, tls: SecureContextOptions): Relay {
  const relay: Relay = {
    asked: [],
    behaviour: 'pass',
    listener(incoming, response) {
      relay.asked.push(incoming.url ?? '')
      if (relay.behaviour === 'cut') return incoming.socket.destroy()
      if (relay.behaviour === 'hang') return
      const { method, headers, url: path } = incoming
      const outgoing = request({ ...tls, host: 'localhost', port, method, headers, path })
      outgoing.on('response', (answer: IncomingMessage) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers)
        pipeline(answer, response, (error) => error && response.destroy())
      })
      pipeline(incoming, outgoing, (error) => error && response.destroy())
    },
  }
  return relay
}
