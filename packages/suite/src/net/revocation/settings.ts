import {
  ConfigurationError,
  crlRows,
  type OptionTable,
  type OptionValues,
  ocspRows,
} from '../../options/index.ts'

/** How addresses inside of certificates are used beside that of the options. spec: acra-server §6 */
export type FromCertificate = 'use' | 'trust' | 'prefer' | 'ignore'

interface SourceSettings {
  /** Asked about the first certificate of a chain; null where there is none. */
  readonly url: URL | null
  readonly fromCertificate: FromCertificate
  readonly onlyLeaf: boolean
}

export interface OcspSettings extends SourceSettings {
  readonly required: 'denyUnknown' | 'allowUnknown' | 'requireGood'
}

export interface CrlSettings extends SourceSettings {
  /** Lists that are kept at most. */
  readonly cacheSize: number
  readonly cacheTimeMs: number
}

/** Null where there is nobody to ask. */
export interface RevocationSettings {
  readonly ocsp: OcspSettings | null
  readonly crl: CrlSettings | null
}

/** Beginnings of the names of options, for OCSP and lists, by the side or service that they are of. */
const prefixes = {
  general: ['tls_ocsp_', 'tls_crl_'],
  client: ['tls_ocsp_client_', 'tls_crl_client_'],
  database: ['tls_ocsp_database_', 'tls_crl_database_'],
  redis: ['redis_tls_ocsp_client_', 'redis_tls_crl_client_'],
  vault: ['vault_tls_ocsp_client_', 'vault_tls_crl_client_'],
} as const

/** What the options of one side or service ask for. Throws ConfigurationError. */
export function revocationSettings(
  options: Readonly<Record<string, unknown>>,
  side: keyof typeof prefixes = 'general',
): RevocationSettings {
  const [ocsp, crl] = prefixes[side]
  return {
    ocsp: ocspSettings(rowsOf(options, ocsp, ocspRows), `${ocsp}url`),
    crl: crlSettings(rowsOf(options, crl, crlRows), `${crl}url`),
  }
}

function ocspSettings(rows: OptionValues<typeof ocspRows>, name: string): OcspSettings | null {
  if (rows.required === 'requireGood' && rows.url === '') {
    throw wrong(`when passing \`--tls_ocsp_required=requireGood\`, URL is mandatory: set ${name}`)
  }
  if (rows.url === '' && rows.from_cert === 'ignore') return null
  return {
    url: urlOf(rows.url, name, /^https?:$/, 'http:// or https://'),
    fromCertificate: rows.from_cert as FromCertificate,
    onlyLeaf: rows.check_only_leaf_certificate,
    required: rows.required as OcspSettings['required'],
  }
}

function crlSettings(rows: OptionValues<typeof crlRows>, name: string): CrlSettings | null {
  if (rows.url === '' && rows.from_cert === 'ignore') return null
  return {
    url: urlOf(rows.url, name, /^(https?|file):$/, 'http://, https:// or file://'),
    fromCertificate: rows.from_cert as FromCertificate,
    onlyLeaf: rows.check_only_leaf_certificate,
    cacheSize: rows.cache_size,
    cacheTimeMs: rows.cache_time * 1000,
  }
}

function urlOf(text: string, name: string, schemes: RegExp, words: string): URL | null {
  if (text === '') return null
  const url = URL.canParse(text) ? new URL(text) : null
  if (url !== null && schemes.test(url.protocol)) return url
  throw wrong(`${name} must begin with ${words}`)
}

/** The values of a group of options, by the names of its rows. */
function rowsOf<T extends OptionTable>(
  options: Readonly<Record<string, unknown>>,
  prefix: string,
  table: T,
): OptionValues<T> {
  const values = Object.keys(table).map((name) => {
    const value = options[`${prefix}${name}`]
    if (value === undefined) throw new Error(`there is no option ${prefix}${name}`)
    return [name, value]
  })
  return Object.fromEntries(values) as OptionValues<T> // They were made by the same rows.
}

function wrong(text: string): ConfigurationError {
  return new ConfigurationError([{ origin: null, text }])
}
