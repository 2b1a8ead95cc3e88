/** The composition of acra-server: options, keystore, encryptor config, listener, one relay for each connection. */
export { type Service, type ServiceContext, startAlone } from './alone.ts'
export { serverOptions } from './options.ts'
