import { readFile } from 'node:fs/promises'
import { certificateOfPem, clientIdOfCertificate } from '../net/identity/index.ts'
import { events } from '../observe/index.ts'
import { choice, type OptionValues, text } from '../options/index.ts'
import { Refusal } from './refusal.ts'

/** A client id that is taken from a certificate. spec: cli-tools §2.6, §3 */
export const certificateOptions = {
  tls_cert: text(
    '',
    'Take the client id from this certificate, in PEM; tls_client_id_cert means the same',
  ),
  tls_client_id_cert: text('', 'Take the client id from this certificate, in PEM'),
  tls_identifier_extractor_type: choice(
    ['distinguished_name', 'serial_number'],
    'distinguished_name',
    'What of a certificate the client id is made from',
  ),
} as const

/**
 * The client id of the certificate that the options name; null where they name none.
 *
 * @throws Refusal, IdentityError
 */
export async function clientIdFromCertificate(
  options: OptionValues<typeof certificateOptions>,
): Promise<string | null> {
  const { tls_cert, tls_client_id_cert, tls_identifier_extractor_type } = options
  if (tls_cert !== '' && tls_client_id_cert !== '')
    throw new Refusal(
      'You cant specify --tls_cert (deprecated since 0.96.0) and --tls_client_id_cert simultaneously',
    )
  const path = tls_client_id_cert || tls_cert
  if (path === '') return null
  return clientIdOfCertificate(await readCertificate(path), tls_identifier_extractor_type)
}

async function readCertificate(path: string): Promise<Buffer> {
  let pem: string
  try {
    pem = await readFile(path, 'latin1')
  } catch (cause) {
    throw new Refusal("Can't read TLS certificate", events.wrongParameter, { cause })
  }
  return certificateOfPem(pem)
}
