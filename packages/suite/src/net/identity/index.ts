/** Who a certificate speaks for: the client id that is made of it, and what a login can be bound to. Whether it may be trusted is not told here. */
export { type CertificateParts, readCertificate } from './certificate.ts'
export { certificateOfPem } from './certificate-file.ts'
export { checkClientCertificate } from './client-certificate.ts'
export { clientIdOfCertificate, type IdentifierExtractor } from './client-id.ts'
export { type DerElement, DerError, DerReader, derTags, dottedOid } from './der.ts'
export { serverEndPoint } from './end-point.ts'
export { IdentityError } from './identity-error.ts'
