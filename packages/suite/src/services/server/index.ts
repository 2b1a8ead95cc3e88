/** The composition of acra-server: options, keystore, encryptor config, listener, one relay for each connection. */
export { serverOptions } from './options.ts'
export { Server } from './server.ts'
