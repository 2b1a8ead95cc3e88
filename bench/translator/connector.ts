/** Bytes through acra-connector and back, with Secure Session and with TLS. */
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { createAuthority } from '#testing/certificates'
import { exchange, makeKeys } from '../../e2e/hosts.ts'
import { type AcraServer, type Keys, startService } from '../../tools/programs.ts'
import type { Sandbox } from '../../tools/sandbox.ts'
import type { Ready } from './calls.ts'
import type { Contestant } from './turns.ts'

const client = 'someid'
/** What goes there and back in one call. */
const TOTAL = 16 * 1024 * 1024
const WRITES = [16 * 1024, 1024 * 1024]

export async function connectorContestants(sandbox: Sandbox): Promise<Ready> {
  const authority = createAuthority(sandbox.folder, 'front')
  const shown = authority.server('front-server')
  const serverKeys = await makeKeys(sandbox, 'server', client, ['--generate_acraserver_keys'])
  const connectorKeys = await makeKeys(sandbox, 'connector', client, [
    '--generate_acraconnector_keys',
  ])
  exchange(connectorKeys, serverKeys, `${client}.pub`)
  exchange(serverKeys, connectorKeys, `${client}_server.pub`)
  const tls = createTlsServer({ cert: shown.cert, key: shown.key }, echoBack)
  const session = createServer((socket) => void sessionEcho(socket, serverKeys))
  const tlsFlags = ['--acraserver_tls_transport_enable', `--tls_ca=${authority.certFile}`]
  const contestants: Contestant[] = []
  const ends: (() => Promise<unknown>)[] = []
  for (const [name, server, flags] of [
    ['TLS 1.3', tls, tlsFlags],
    ['Secure Session', session, []],
  ] as const) {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as { port: number }
    const connector = await startService(sandbox, 'acra-connector', connectorKeys, [
      `--client_id=${client}`,
      '--user_check_disable',
      '--trace_frame_disable',
      `--acraserver_connection_string=tcp://localhost:${port}`,
      ...flags,
    ])
    for (const size of WRITES) {
      const writes = `writes of ${size / 1024} KiB`
      contestants.push({
        what: `${name}, ${writes}`,
        base: server === tls ? null : `TLS 1.3, ${writes}`,
        target: server === tls ? null : 0.6,
        processId: connector.pid,
        calls: 2,
        callsAtOnce: 1,
        amount: TOTAL / 1024 / 1024,
        call: () => thereAndBack(connector, size),
      })
    }
    ends.push(async () => {
      await connector.stop()
      server.close()
    })
  }
  const end = async () => void (await Promise.all(ends.map((one) => one())))
  return { contestants, unit: 'a MB, there and back', end }
}

async function thereAndBack(connector: AcraServer, size: number): Promise<void> {
  const socket = connect(connector.port, connector.host)
  const chunk = Buffer.alloc(size, 'x')
  let received = 0
  socket.on('data', (data) => {
    received += data.length
  })
  for (let sent = 0; sent < TOTAL; sent += size) {
    if (!socket.write(chunk)) await once(socket, 'drain')
  }
  while (received < TOTAL) await once(socket, 'data')
  socket.destroy()
}

function echoBack(socket: NodeJS.ReadWriteStream): void {
  socket.on('error', () => {})
  socket.pipe(socket)
}

/** A server's half of a Secure Session that says back what it hears. */
async function sessionEcho(socket: Socket, { folder, environment }: Keys): Promise<void> {
  const suite = new URL('../../../packages/suite/dist/', import.meta.url).href
  const { acceptSession } = await import(`${suite}net/secure-session/index.js`)
  const { masterKeyFromEnvironment, openKeystore } = await import(`${suite}keystore/index.js`)
  const wrapper = masterKeyFromEnvironment(environment)
  const keystore = await openKeystore({ folder, wrapper, warn: () => {} })
  const keysOf = async (owner: string) => {
    const [own] = await keystore.keys({ purpose: 'transport-server', owner })
    const [clientKey] = await keystore.publicKeys({ purpose: 'transport-connector', owner })
    return { privateKey: own.secret, clientKey }
  }
  const settings = { serverId: 'acra_server', keysOf, timeoutMs: 5000 }
  try {
    echoBack((await acceptSession(socket, settings)).stream)
  } catch {
    socket.destroy() // A connection that was made to see whether the connector is there.
  }
}
