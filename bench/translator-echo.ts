/** Bare servers over TLS with the frameworks of acra-translator: they answer with what they are sent. Their ports go to the parent. */
import { readFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
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

const [certFile = '', keyFile = ''] = process.argv.slice(2)
const [cert, key] = [readFileSync(certFile), readFileSync(keyFile)]

const app = new Hono()
app.post('/echo', async (call) =>
  call.body(JSON.stringify(await call.req.json()), 200, { 'Content-Type': 'application/json' }),
)
const http = createServer({ cert, key }, getRequestListener(app.fetch))
http.listen(0, '127.0.0.1')

const proto = fileURLToPath(import.meta.resolve('@acra-ts/sdk/proto/acra.proto'))
const loaded = loadPackageDefinition(loadSync(proto, { keepCase: true })).grpc_api as GrpcObject
const grpc = new Server()
grpc.addService((loaded.ReaderSym as ServiceClientConstructor).service, {
  DecryptSym: (
    call: { request: { acrablock: Buffer } },
    done: (error: null, answer: object) => void,
  ) => done(null, { data: call.request.acrablock }),
})
const credentials = ServerCredentials.createSsl(null, [{ cert_chain: cert, private_key: key }])
grpc.bindAsync('127.0.0.1:0', credentials, (error, port) => {
  if (error !== null) throw error
  process.send?.({ http: (http.address() as AddressInfo).port, grpc: port })
})
