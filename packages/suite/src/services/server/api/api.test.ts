import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { masterKeyFromEnvironment, openKeystore } from '../../../keystore/index.ts'
import { createLogger } from '../../../observe/index.ts'
import { TransportKeyring } from '../../transport/index.ts'
import { Api } from './index.ts'

const environment = { ACRA_MASTER_KEY: Buffer.alloc(32, 5).toString('base64') }

/** The API on a port of its own, for connections that may last so long. */
async function serve(patienceMs: number) {
  const keystore = await openKeystore({
    folder: '/nowhere',
    wrapper: masterKeyFromEnvironment(environment),
    warn: assert.fail,
  })
  const purposes = { own: 'transport-server', peer: 'transport-connector' } as const
  const keyring = new TransportKeyring(keystore, purposes)
  const arrival = { sessionId: 'acra_server', keyring, tls: null, timeoutMs: 60_000 }
  let open = 0
  const api = new Api({
    log: createLogger({ level: 'error', outputs: [], clock: { now: () => 0, zone: () => 0 } }),
    settings: () => ({
      arrival: { ...arrival, mode: 'raw' },
      clientId: null,
      keystore,
      hasZones: false,
      verifiesTls: false,
      console: {
        authFile: '/nowhere',
        config: {
          db_host: '',
          db_port: 0,
          incoming_connection_api_port: 0,
          debug: false,
          poison_run_script_file: '',
          poison_shutdown_enable: false,
          zonemode_enable: false,
        },
      },
    }),
    resetKeys: async () => true,
    connected() {
      open++
      return () => {
        open--
      }
    },
    patienceMs,
  })
  const listener = createServer({ pauseOnConnect: true }, (socket) => api.serve(socket))
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const { port } = listener.address() as AddressInfo
  return {
    answerTo: (...pieces: readonly string[]) => answerTo(port, pieces),
    /** All connections have ended. */
    async isQuiet() {
      while (open > 0) await turn()
    },
    close() {
      api.close()
      listener.close()
    },
  }
}

/** All that comes back for pieces that are sent one after the other, and no end. */
async function answerTo(port: number, pieces: readonly string[]): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  let said = ''
  socket
    .on('error', () => {})
    .on('data', (chunk) => {
      said += chunk
    })
  const closed = new Promise((resolve) => socket.once('close', resolve))
  for (const piece of pieces) await new Promise((sent) => socket.write(piece, sent))
  await closed
  return said
}

test('whoever does not come to the end of a request in time is left, however far he has come', async () => {
  const { answerTo, isQuiet, close } = await serve(300)
  const head = 'POST /resetKeyStorage HTTP/1.1\r\nHost: a\r\n'
  for (const pieces of [
    [],
    ['G'],
    ['GET /reset'],
    [head],
    [head, 'Content-Length: 5\r\n\r\n', 'bo'],
    [head, 'Transfer-Encoding: chunked\r\n\r\n', '1\r\nb\r\n'],
  ]) {
    assert.equal(await answerTo(...pieces), '', JSON.stringify(pieces))
  }
  await isQuiet()
  close()
})

test('the slow ones keep nobody else waiting', async () => {
  const { answerTo, close } = await serve(60_000)
  const slow = Array.from({ length: 50 }, () => answerTo('GET /reset'))
  const answer = await answerTo('GET /resetKeyStorage HTTP/1.1\r\nHost: a\r\n\r\n')
  assert.match(answer, /^HTTP\/1\.1 200 OK\r\n/)
  close()
  assert.deepEqual([...new Set(await Promise.all(slow))], [''])
})
