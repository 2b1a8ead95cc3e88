/** Certificates for the tests of whatever speaks TLS. Never part of a program. */
export { type Authority, type Certificate, certifiedBy, createAuthority } from './certificates.ts'
