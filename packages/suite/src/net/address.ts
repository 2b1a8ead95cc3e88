import { AcraError } from '../foundation/index.ts'

/** Where to listen or to connect to. */
export type Address =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string }

/** An address that cannot be read; its message says what was expected. */
export class AddressError extends AcraError {
  constructor(message: string, options?: ErrorOptions) {
    super('address-invalid', message, options)
  }
}

/** What a Linux socket address has room for, without the zero byte at its end. Longer paths would be cut in silence. */
const SOCKET_PATH_SIZE_MAX = 107

/** Reads `tcp://host:port/` (IPv6 in brackets; `grpc` and `http` mean the same) or `unix:///path`. Throws AddressError. */
export function parseAddress(text: string): Address {
  if (text.startsWith('unix://')) return unixAddress(text.slice('unix://'.length))
  if (/^(tcp|grpc|http):/.test(text)) return parseTcp(text)
  throw new AddressError(`expected tcp://host:port/ or unix:///path instead of "${text}"`)
}

/** The database by its host and port; a host that begins with `/` is a folder of unix sockets, as in libpq. */
export function databaseAddress(host: string, port: number): Address {
  if (host.startsWith('/')) {
    return unixAddress(`${host.replace(/\/+$/, '')}/.s.PGSQL.${port}`)
  }
  return { kind: 'tcp', host, port }
}

/** The same text that `parseAddress` reads. */
export function formatAddress(address: Address): string {
  if (address.kind === 'unix') return `unix://${address.path}`
  const host = address.host.includes(':') ? `[${address.host}]` : address.host
  return `tcp://${host}:${address.port}/`
}

function unixAddress(path: string): Address {
  if (!path.startsWith('/')) {
    throw new AddressError(
      `expected unix:///path with an absolute path instead of "unix://${path}"`,
    )
  }
  if (Buffer.byteLength(path) > SOCKET_PATH_SIZE_MAX) {
    throw new AddressError(
      `the path of the unix socket "${path}" is longer than ${SOCKET_PATH_SIZE_MAX} bytes: choose a shorter folder`,
    )
  }
  return { kind: 'unix', path }
}

function parseTcp(text: string): Address {
  const match = /^(?:tcp|grpc|http):\/\/(\[[0-9a-fA-F:.%]+\]|[^\s/:@[\]?#]+):(\d{1,5})\/?$/.exec(
    text,
  )
  const port = Number(match?.[2])
  if (match === null || port > 65_535) {
    throw new AddressError(
      `expected tcp://host:port/ with a port from 0 to 65535 instead of "${text}"`,
    )
  }
  return { kind: 'tcp', host: match[1].replace(/^\[|\]$/g, ''), port }
}
