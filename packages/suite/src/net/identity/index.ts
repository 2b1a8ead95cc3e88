/** Who a certificate speaks for: the client id that is made of it. Whether it may be trusted is not told here. */
export { certificateOfPem } from './certificate-file.ts'
export { clientIdOfCertificate, type IdentifierExtractor, IdentityError } from './client-id.ts'
