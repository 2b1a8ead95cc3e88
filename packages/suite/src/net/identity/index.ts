/** Who a certificate speaks for: the client id that is made of it, and what a login can be bound to. Whether it may be trusted is not told here. */
export { certificateOfPem } from './certificate-file.ts'
export { checkClientCertificate } from './client-certificate.ts'
export { clientIdOfCertificate, type IdentifierExtractor } from './client-id.ts'
export { serverEndPoint } from './end-point.ts'
export { IdentityError } from './identity-error.ts'
