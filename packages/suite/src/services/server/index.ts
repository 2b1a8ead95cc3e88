/** The composition of acra-server: options, keystore, encryptor config, listener, one relay for each connection. */
export { type Service, startAlone } from './alone.ts'
export { type ServerOptions, serverOptions } from './options.ts'
export { ENCRYPTOR_CONFIG_SIZE_MAX } from './protection.ts'
export { withSchemaQueries } from './schema-queries.ts'
export type { ToSupervisor, ToWorker } from './workers/messages.ts'
export { startWorkers } from './workers/supervisor.ts'
export { Worker } from './workers/worker.ts'
export type { StartWorker } from './workers/worker-process.ts'
