import { readFile } from 'node:fs/promises'
import { certificateOfPem, clientIdOfCertificate } from '../net/identity/index.ts'
import { events } from '../observe/index.ts'
import { type OptionValues, text } from '../options/index.ts'
import { Refusal } from './refusal.ts'

/** A client id that is taken from a certificate. spec: cli-tools §2.6, §3 */
export const certificateOptions = {
  tls_cert: text(
    '',
    'Take the client id from this certificate, in PEM; tls_client_id_cert means the same',
    { standsAlone: true },
  ),
  tls_client_id_cert: text('', 'Take the client id from this certificate, in PEM'),
  tls_identifier_extractor_type: text(
    'distinguished_name',
    'What of a certificate the client id is made from: distinguished_name or serial_number',
  ),
} as const

/** The same in a program of commands, where `tls_cert` in the file is what others show to Redis and Vault. */
export const commandCertificateOptions = {
  ...certificateOptions,
  tls_cert: { ...certificateOptions.tls_cert, commandLineOnly: true },
} as const

/**
 * The client id of the certificate that the options name; null where they name none.
 *
 * @throws Refusal, IdentityError
 */
export async function clientIdFromCertificate(
  options: OptionValues<typeof certificateOptions>,
): Promise<string | null> {
  const { tls_cert, tls_client_id_cert, tls_identifier_extractor_type: extractor } = options
  if (tls_cert !== '' && tls_client_id_cert !== '')
    throw new Refusal(
      'You cant specify --tls_cert (deprecated since 0.96.0) and --tls_client_id_cert simultaneously',
    )
  const path = tls_client_id_cert || tls_cert
  if (extractor !== 'distinguished_name' && extractor !== 'serial_number')
    throw new Refusal('invalid identifier extractor type: distinguished_name or serial_number')
  if (path === '') return null
  return clientIdOfCertificate(await readCertificate(path), extractor)
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
