/**
 * TLS on sockets that are open already, since databases ask for it inside their own protocols: the server's half for
 * applications, the client's half for the database. How that is asked for is not known here.
 */
export { type ClientPolicy, clientPolicies } from './client-policy.ts'
export { type Credentials, readAuthorities, readCredentials } from './files.ts'
export { peerCertificate } from './peer-chain.ts'
export { type PeerCheck, serviceCheck } from './peer-check.ts'
export { systemAuthorities } from './system-authorities.ts'
export { TlsClient, type Verification } from './tls-client.ts'
export { TlsError } from './tls-error.ts'
export { asTlsFailure } from './tls-failure.ts'
export { type Accepted, type TlsClientInfo, TlsServer } from './tls-server.ts'
export { readTrust, type TlsTrust } from './trust.ts'
