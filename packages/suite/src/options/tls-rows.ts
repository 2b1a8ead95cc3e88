import { int, text } from './option.ts'

const AUTHENTICATION =
  'Certificates of clients: 0 none, 1 request, 2 require any, 3 verify if given, 4 require and verify'

const usages = {
  ca: 'PEM file of certificate authorities to trust besides those of the system',
  cert: 'PEM file of the certificate, those of its authorities behind it',
  key: 'PEM file of the private key of the certificate',
} as const

/** The settings of TLS that hold where a side or service has none of its own (cli-tools.md §2.6). */
export const generalTlsRows = {
  ca: text('', usages.ca),
  cert: text('', usages.cert),
  key: text('', usages.key),
  auth: int(4, AUTHENTICATION, { min: 0, max: 4 }),
} as const

/** The same settings of one side or service. */
export const ownTlsRows = {
  ca: text('', usages.ca, { general: 'tls_ca' }),
  cert: text('', usages.cert, { general: 'tls_cert' }),
  key: text('', usages.key, { general: 'tls_key' }),
  auth: int(-1, `${AUTHENTICATION}; -1 as tls_auth`, {
    min: -1,
    max: 4,
    general: 'tls_auth',
    unset: -1,
  }),
} as const

/** The name that the certificate of the other side must bear. */
export const serverNameRow = text('', 'Server name to expect; the host of the address when empty')
