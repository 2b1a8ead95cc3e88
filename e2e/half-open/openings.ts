/** Ways to begin a connection and then say nothing more. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { Certificate } from '#testing/certificates'
import { startup } from '../frontend.ts'

export interface Place {
  readonly host: string
  readonly port: number
}

/** One way; what it resolves with has said half of something. */
export interface Opening {
  readonly name: string
  readonly open: (place: Place) => Promise<Socket>
}

const SSL_REQUEST = Buffer.from('0000000804d2162f', 'hex')
const HTTP_HEAD = Buffer.from('POST /v2/encryptSym HTTP/1.1\r\nHost: localhost\r\nContent-')
const HTTP2_PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM')

export const silence: Opening = { name: 'nothing', open: (place) => said(place, []) }

export const halfStartup: Opening = {
  name: 'half a start-up packet',
  open: (place) => said(place, [half(startup({ user: 'postgres', database: 'postgres' }))]),
}

/** The client id of a Secure Session alone, and with half of what comes next. */
export function halfSession(clientId: string): readonly Opening[] {
  const id = Buffer.from(clientId)
  const frame = Buffer.concat([Buffer.of(id.length, 0, 0, 0), id])
  return [
    { name: 'half a session id', open: (place) => said(place, [half(frame)]) },
    {
      name: 'half a session handshake',
      open: (place) => said(place, [frame, Buffer.of(0xa0, 0, 0, 0), Buffer.alloc(50, 1)]),
    },
  ]
}

/** Half of the first message of TLS, behind a request for it where the protocol has one. */
export async function halfHello(behind: 'postgres' | 'nothing'): Promise<Opening> {
  const hello = half(await clientHello())
  return {
    name: behind === 'postgres' ? 'SSLRequest, half a ClientHello' : 'half a ClientHello',
    async open(place) {
      if (behind === 'nothing') return said(place, [hello])
      const socket = await said(place, [SSL_REQUEST])
      await Promise.race([once(socket, 'data'), once(socket, 'close')])
      socket.write(hello)
      return socket
    },
  }
}

/** All of TLS, and half of what an application says inside. */
export function halfInsideTls(what: 'http' | 'http2', { cert, key }: Certificate): Opening {
  const words = what === 'http' ? HTTP_HEAD : HTTP2_PREFACE
  return {
    name: what === 'http' ? 'TLS, half an HTTP head' : 'TLS, half a preface of HTTP/2',
    async open(place) {
      const socket = connectTls({ ...place, cert, key, rejectUnauthorized: false })
      socket.on('error', () => {})
      await Promise.race([once(socket, 'secureConnect'), once(socket, 'close')])
      socket.resume()
      if (!socket.destroyed) socket.write(words)
      return socket
    },
  }
}

async function said(place: Place, words: readonly Buffer[]): Promise<Socket> {
  const socket = connect({ ...place, noDelay: true })
  socket.on('error', () => {})
  await Promise.race([once(socket, 'connect'), once(socket, 'close')])
  socket.resume()
  if (words.length > 0 && !socket.destroyed) socket.write(Buffer.concat(words))
  return socket
}

function half(bytes: Buffer): Buffer {
  return bytes.subarray(0, Math.floor(bytes.length / 2))
}

/** What a client of TLS says first. */
async function clientHello(): Promise<Buffer> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const client = connectTls({ port, host: '127.0.0.1' }).on('error', () => {})
  const [socket] = (await once(server, 'connection')) as [Socket]
  const [hello] = (await once(socket, 'data')) as [Buffer]
  client.destroy()
  socket.destroy()
  server.close()
  return hello
}
