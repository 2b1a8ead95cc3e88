/**
 * Bare servers over TLS with the frameworks of acra-translator: they answer with what they are sent, or with what the crypto package makes of it,
 * with keys of their own: no less can a call cost. Their ports go to the parent.
 */
import { readFileSync } from 'node:fs'
import { createSecureServer } from 'node:http2'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import {
  BlockKey,
  generateKeyPair,
  generateSymmetricKey,
  identify,
  openerOf,
  StructPrivateKey,
  StructPublicKey,
  sealBlockInContainer,
  sealStructInContainer,
} from '@acra-ts/crypto'
import { nodePrimitives } from '@acra-ts/crypto/node'
import {
  type GrpcObject,
  loadPackageDefinition,
  Server,
  ServerCredentials,
  type ServiceClientConstructor,
} from '@grpc/grpc-js'
import { loadSync } from '@grpc/proto-loader'
import { getRequestListener } from '@hono/node-server'
import { Hono } from 'hono'
import { RepeatedSink } from './repeated-sink.ts'

const [certFile = '', keyFile = ''] = process.argv.slice(2)
const [cert, key] = [readFileSync(certFile), readFileSync(keyFile)]

const blockKey = new BlockKey(nodePrimitives, generateSymmetricKey(nodePrimitives))
const pair = generateKeyPair(nodePrimitives)
const publicKey = new StructPublicKey(nodePrimitives, pair.publicKey)
const privateKey = new StructPrivateKey(nodePrimitives, pair.privateKey)
const sink = new RepeatedSink()

/** What is done to a value, by the last part of its path in HTTP v2. */
const operations: Readonly<Record<string, (data: Buffer) => Buffer>> = {
  echo: (data) => data,
  encryptSym: (data) => made(() => sealBlockInContainer(blockKey, data, sink)),
  decryptSym: open,
  encrypt: (data) => made(() => sealStructInContainer(publicKey, data, sink)),
  decrypt: open,
}

function made(append: () => void): Buffer {
  sink.length = 0
  append()
  return Buffer.from(sink.bytes.subarray(0, sink.length))
}

function open(data: Buffer): Buffer {
  const { kind, start, end } = identify(data)!
  const opener = openerOf([blockKey], [privateKey])
  return made(() => opener.open(kind, data, start, end, sink))
}

const app = new Hono()
for (const [name, run] of Object.entries(operations)) {
  app.post(`/v2/${name}`, async (call) => {
    const body = await call.req.json()
    const answer =
      name === 'echo' ? body : { data: run(Buffer.from(body.data, 'base64')).toString('base64') }
    return call.body(JSON.stringify(answer), 200, { 'Content-Type': 'application/json' })
  })
}
const http = createServer({ cert, key }, getRequestListener(app.fetch))
http.listen(0, '127.0.0.1')
const http2 = createSecureServer({ cert, key }, getRequestListener(app.fetch))
http2.listen(0, '127.0.0.1')

const proto = fileURLToPath(import.meta.resolve('@acra-ts/sdk/proto/acra.proto'))
const loaded = loadPackageDefinition(loadSync(proto, { keepCase: true })).grpc_api as GrpcObject
const serviceOf = (name: string) => (loaded[name] as ServiceClientConstructor).service
type Done = (error: null, answer: object) => void
const grpc = new Server()
grpc.addService(serviceOf('ReaderSym'), {
  DecryptSym: ({ request }: { request: { acrablock: Buffer } }, done: Done) =>
    done(null, { data: request.acrablock }),
})
grpc.addService(serviceOf('WriterSym'), {
  EncryptSym: ({ request }: { request: { data: Buffer } }, done: Done) =>
    done(null, { acrablock: operations.encryptSym!(request.data) }),
})
const credentials = ServerCredentials.createSsl(null, [{ cert_chain: cert, private_key: key }])
grpc.bindAsync('127.0.0.1:0', credentials, (error, port) => {
  if (error !== null) throw error
  const [one, two] = [http, http2].map((server) => (server.address() as AddressInfo).port)
  process.send?.({ http: one, http2: two, grpc: port })
})
