/**
 * Logging in through a proxy that uses TLS on both sides: SCRAM-SHA-256 of both roles, with channel binding, and the file of the users
 * whose login is ended here. Nothing here knows a socket or a file.
 */
export { type Credential, parseAuthFile } from './auth-file.ts'
export { LOGIN_SIZE_MAX, Login } from './login.ts'
export { ScramError } from './scram.ts'
