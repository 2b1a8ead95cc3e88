import type { Duplex } from 'node:stream'
import { fileURLToPath } from 'node:url'
import {
  type GrpcObject,
  loadPackageDefinition,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type ServiceClientConstructor,
  type sendUnaryData,
  status,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js'
import { loadSync } from '@grpc/proto-loader'
import { events, type Logger } from '../../observe/index.ts'
import type { Caller } from './caller.ts'
import { bytes, type GrpcMethod, grpcMethods, type Message } from './grpc-methods.ts'
import { tellFailure } from './http-answers.ts'
import { OperationError } from './operation-error.ts'
import type { Values } from './values.ts'

const PROTO = fileURLToPath(import.meta.resolve('@acra-ts/sdk/proto/acra.proto'))

/** How long a connection may have no call. Clients connect again by themselves. */
const IDLE_MS = 300_000
/** Calls of one connection at once; the others wait at the client. */
const STREAMS_MAX = 1000

export interface GrpcSettings {
  readonly values: () => Values
  /** Who has sent a request over a connection: `named` is the client id in it, `connectionId` that of the connection. */
  readonly callerOf: (connectionId: string, named: string, zoneId: string) => Caller
  readonly requestSizeMax: number
  readonly log: Logger
  /** Told of every operation: its name, and the seconds it took. */
  readonly onOperation: (operation: string, seconds: number) => void
}

type Unary = ServerUnaryCall<Message, Message>
type BulkItem = Message & { readonly request?: string }

/**
 * The gRPC interface: connections come in by `accept`, ready to be read. Each has a server of its own, since a call does not tell by which
 * connection it has come. spec: acra-translator §6
 */
export class GrpcFront {
  readonly #settings: GrpcSettings
  readonly #servers = new Set<Server>()

  constructor(settings: GrpcSettings) {
    this.#settings = settings
  }

  /** `clientId` is that of the connection; empty where there is none. */
  accept(connection: Duplex, clientId: string): void {
    const server = new Server({
      'grpc.max_receive_message_length': this.#settings.requestSizeMax,
      'grpc.max_send_message_length': -1,
      'grpc.enable_channelz': 0,
      'grpc.max_connection_idle_ms': IDLE_MS,
      'grpc.max_concurrent_streams': STREAMS_MAX,
    })
    const calls = new ConnectionCalls(this.#settings, clientId)
    for (const [service, implementation] of calls.implementations()) {
      server.addService(serviceOf(service), implementation)
    }
    this.#servers.add(server)
    connection.once('close', () => {
      this.#servers.delete(server)
      server.forceShutdown()
    })
    const injector = server.createConnectionInjector(ServerCredentials.createInsecure())
    injector.injectConnection(connection)
  }

  /** Calls at work end, and no more begin. */
  close(): void {
    for (const server of this.#servers) server.tryShutdown(() => {})
  }

  /** Breaks off what is left. */
  destroy(): void {
    for (const server of this.#servers) server.forceShutdown()
  }
}

/** The calls of one connection. */
class ConnectionCalls {
  readonly #settings: GrpcSettings
  readonly #clientId: string

  constructor(settings: GrpcSettings, clientId: string) {
    this.#settings = settings
    this.#clientId = clientId
  }

  /** By the name of their service. */
  *implementations(): Iterable<[string, UntypedServiceImplementation]> {
    for (const service of new Set(grpcMethods.map((method) => method.service))) {
      const own = grpcMethods.filter((method) => method.service === service)
      const calls = own.map((method) => [
        method.name,
        (call: Unary, done: sendUnaryData<Message>) => this.#unary(method, call, done),
      ])
      yield [service, Object.fromEntries(calls)]
    }
    yield [
      'BulkProcessing',
      {
        ProcessBulk: (call: Unary, done: sendUnaryData<Message>) => this.#bulk(call, done),
        ProcessStream: (call: ServerDuplexStream<BulkItem, Message>) => this.#stream(call),
      },
    ]
  }

  #unary(method: GrpcMethod, call: Unary, done: sendUnaryData<Message>): void {
    this.#run(method, call.request).then(
      (answer) => done(null, answer),
      (error: unknown) => done(statusOf(error, method)),
    )
  }

  #bulk(call: Unary, done: sendUnaryData<Message>): void {
    const requests = call.request.requests as readonly BulkItem[]
    this.#all(requests).then(
      (responses) => done(null, { responses }),
      (error: unknown) => done(statusOf(error, null)),
    )
  }

  async #all(requests: readonly BulkItem[]): Promise<Message[]> {
    const responses: Message[] = []
    for (const request of requests) responses.push(await this.#item(request))
    return responses
  }

  /** One request after the other: what is not taken holds the next one back. */
  async #stream(call: ServerDuplexStream<BulkItem, Message>): Promise<void> {
    try {
      // The end of the requests must not destroy the call: its answers are still to be sent, and its status.
      const requests: AsyncIterable<BulkItem> = call.iterator({ destroyOnReturn: false })
      for await (const request of requests) {
        const answer = await this.#item(request)
        if (!call.write(answer)) await drained(call)
      }
      call.end()
    } catch (error) {
      call.destroy(error as Error)
    }
  }

  /** The response to one request of many: what is wrong with it stands in it. */
  async #item(item: BulkItem): Promise<Message> {
    const field = item.request ?? ''
    const method = grpcMethods.find((one) => one.field === field)
    const request_id = bytes(item, 'request_id')
    if (method === undefined) return { request_id, error: 'unsupported operation' }
    try {
      const answer = await this.#run(method, item[field] as Message)
      return { request_id, [field]: answer }
    } catch (error) {
      return { request_id, error: statusOf(error, method).details }
    }
  }

  async #run(method: GrpcMethod, request: Message): Promise<Message> {
    const { values, callerOf, log, onOperation } = this.#settings
    const named = bytes(request, 'client_id').toString('latin1')
    const zoneId = bytes(request, 'zone_id').toString('latin1')
    const caller = callerOf(this.#clientId, named, zoneId)
    const begin = performance.now()
    try {
      return await method.run(values(), caller, request)
    } catch (error) {
      tellFailure(log, operationOf(method), caller, error)
      throw error
    } finally {
      onOperation(operationOf(method), (performance.now() - begin) / 1000)
    }
  }
}

/** Says at start that the interface can be described: throws where `acra.proto` is not there. */
function serviceOf(name: string): ServiceClientConstructor['service'] {
  loaded ??= loadPackageDefinition(
    loadSync(PROTO, { keepCase: true, longs: String, enums: String, defaults: true, oneofs: true }),
  ).grpc_api as GrpcObject
  return (loaded[name] as ServiceClientConstructor).service
}

let loaded: GrpcObject | null = null

/** The name of an operation is the same in both interfaces. */
function operationOf({ name }: GrpcMethod): string {
  return `${name[0]?.toLowerCase()}${name.slice(1)}`
}

/** The original's code for everything is UNKNOWN, with its text. */
function statusOf(error: unknown, method: GrpcMethod | null): { code: number; details: string } {
  const isOwn = error instanceof OperationError
  const details = isOwn
    ? error.message
    : (method?.failure ?? events.cannotHandleGrpcRequest.message)
  return { code: status.UNKNOWN, details }
}

function drained(call: ServerDuplexStream<BulkItem, Message>): Promise<void> {
  return new Promise((resolve) => {
    const go = () => {
      call.off('drain', go).off('close', go).off('cancelled', go)
      resolve()
    }
    call.on('drain', go).on('close', go).on('cancelled', go)
  })
}
