import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Address } from '../../net/index.ts'
import { parseCommandLine, settle } from '../../options/index.ts'
import { advices } from './advice.ts'
import { serverOptions } from './options.ts'

const loopback: Address = { kind: 'tcp', host: '127.0.0.1', port: 9393 }
const open: Address = { kind: 'tcp', host: '0.0.0.0', port: 9393 }
const certificate = ['--tls_client_cert=c', '--tls_client_key=k']
const usual = ['--client_id=someid', '--tls_client_system_ca=false']

/** What is said of these flags, with protected columns. */
function said(words: readonly string[], address: Address = loopback): string[] {
  const { given } = parseCommandLine(serverOptions, words)
  return [...advices(settle(serverOptions, given, new Map()).values, address, true, Infinity)]
}

const cases: readonly (readonly [string, readonly string[], Address, RegExp | null])[] = [
  ['a client id on loopback', usual, loopback, null],
  ['no TLS on an open address', usual, open, /without TLS on an address that other/],
  [
    'schemas of databases that nobody names',
    [...usual, '--schema_introspection'],
    loopback,
    /--schema_introspection_databases/,
  ],
  [
    'schemas learned at start',
    [...usual, '--schema_introspection', '--schema_introspection_databases=app'],
    loopback,
    null,
  ],
  [
    'an HTTP API for everybody',
    [...usual, '--http_api_enable'],
    loopback,
    /HTTP API answers every/,
  ],
  [
    'an HTTP API for everybody on a port of its own',
    [...usual, '--http_api_enable', '--incoming_connection_api_port=9999'],
    loopback,
    /HTTP API answers everybody/,
  ],
  [
    'an HTTP API on loopback',
    [...usual, '--http_api_enable', '--incoming_connection_api_string=tcp://127.0.0.1:9090/'],
    loopback,
    null,
  ],
  [
    'an HTTP API on a unix socket',
    [...usual, '--http_api_enable', '--incoming_connection_api_string=unix:///run/api'],
    loopback,
    null,
  ],
  [
    'an HTTP API over TLS that asks for certificates',
    [...usual, ...certificate, '--http_api_enable', '--http_api_tls_transport_enable'],
    loopback,
    null,
  ],
  [
    'an HTTP API over TLS that takes whoever comes',
    [
      ...[...usual, ...certificate, '--http_api_enable', '--http_api_tls_transport_enable'],
      ...['--tls_client_auth=0', '--tls_client_id_from_cert=false'],
    ],
    loopback,
    /HTTP API answers everybody/,
  ],
  ['a unix socket', usual, { kind: 'unix', path: '/run/x' }, null],
  ['TLS that is not required', [...usual, ...certificate], open, /--tls_client_required/],
  ['TLS that is required', [...usual, ...certificate, '--tls_client_required'], open, null],
  ['no client id', usual.slice(1), loopback, /every connection will be refused: set --client_id/],
  ['client ids of certificates', [...usual.slice(1), ...certificate], loopback, null],
  [
    'certificates that make no client ids',
    [...usual.slice(1), ...certificate, '--tls_client_id_from_cert=false'],
    loopback,
    /every connection will be refused/,
  ],
  [
    'certificates that nobody verifies',
    [...usual, ...certificate, '--tls_auth=2'],
    loopback,
    /--tls_client_auth=2/,
  ],
  [
    'authorities of the system',
    [usual[0]!, ...certificate],
    loopback,
    /--tls_client_system_ca=false/,
  ],
  [
    'TLS to the database that never comes',
    [...usual, '--tls_database_ca=c'],
    loopback,
    /never used/,
  ],
  ['require', [...usual, '--tls_database_mode=require'], loopback, /does not check who/],
  ['verify-ca', [...usual, '--tls_database_mode=verify-ca'], loopback, null],
  [
    'TLS to a unix socket',
    [...usual, '--tls_database_mode=verify-full', '--db_host=/run'],
    loopback,
    /has no effect on a unix socket/,
  ],
]

for (const [name, words, address, expected] of cases) {
  test(`${name}: ${expected === null ? 'nothing is said' : 'one sentence says what to do'}`, () => {
    const sentences = said(words, address)
    assert.equal(sentences.length, expected === null ? 0 : 1, sentences.join('\n'))
    if (expected !== null) assert.match(sentences[0]!, expected)
  })
}
