/** Certificates for the tests of whatever speaks TLS. Never part of a program. */
export { type Authority, createAuthority } from './certificates.ts'
