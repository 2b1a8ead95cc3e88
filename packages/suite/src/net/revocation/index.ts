/** Certificates that have been revoked: responders (OCSP) are asked, and lists (CRL) read. How a chain is verified is not known here. */
export { Revocation } from './revocation.ts'
export { RevocationError } from './revocation-error.ts'
export { type RevocationSettings, revocationSettings } from './settings.ts'
