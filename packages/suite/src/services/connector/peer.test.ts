import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { OptionTable, OptionValues } from '../../options/index.ts'
import { type ConnectorOptions, connectorOptions } from './options.ts'
import { entrancesOf, peerOf } from './peer.ts'

function options(given: Partial<ConnectorOptions> = {}): ConnectorOptions {
  const table: OptionTable = connectorOptions
  const rows = Object.entries(table).map(([name, row]) => [name, row.default])
  return { ...(Object.fromEntries(rows) as OptionValues<typeof connectorOptions>), ...given }
}

test('the server is found by its string, else by host and port', () => {
  const cases: [Partial<ConnectorOptions>, string][] = [
    [{ acraserver_connection_host: 'acra' }, 'tcp://acra:9393/'],
    [{ acraserver_connection_host: '::1', acraserver_connection_port: 1 }, 'tcp://[::1]:1/'],
    [{ acraserver_connection_string: 'unix:///run/acra' }, 'unix:///run/acra'],
    [{ acraserver_connection_host: 'a', acraserver_connection_string: 'tcp://b:1' }, 'tcp://b:1'],
    [{ mode: 'ACRATRANSLATOR' }, 'tcp://127.0.0.1:9696/'],
    [{ mode: 'acratranslator', acratranslator_connection_host: 'acra' }, 'tcp://acra:9696/'],
    [
      { mode: 'AcraTranslator', acratranslator_connection_string: 'grpc://acra:1/' },
      'grpc://acra:1/',
    ],
  ]
  for (const [given, text] of cases) assert.equal(peerOf(options(given)).place.text, text)
})

test('the transport is TLS, raw, or Secure Session, in this order; a translator is never raw', () => {
  const host = { acraserver_connection_host: 'acra' }
  const tls = { acraserver_tls_transport_enable: true }
  const raw = { acraserver_transport_encryption_disable: true }
  assert.equal(peerOf(options(host)).transport, 'session')
  assert.equal(peerOf(options({ ...host, ...raw })).transport, 'raw')
  assert.equal(peerOf(options({ ...host, ...raw, ...tls })).transport, 'tls')
  const translator = { mode: 'acratranslator', ...raw, ...tls }
  assert.equal(peerOf(options(translator)).transport, 'session')
  const secured = { ...translator, acratranslator_tls_transport_enable: true }
  assert.equal(peerOf(options(secured)).transport, 'tls')
})

test('what is missing is told in the words of the original', () => {
  const cases: [Partial<ConnectorOptions>, RegExp][] = [
    [{ mode: 'AcraWriter' }, /must pass mode=AcraServer or mode=AcraTranslator parameter$/],
    [{}, /must pass acraserver_connection_host or acraserver_connection_string parameter$/],
    [
      { acraserver_connection_string: 'tcp://a:1', http_api_enable: true },
      /acraserver_api_connection_string parameter$/,
    ],
    [
      { mode: 'acratranslator', acratranslator_connection_host: '' },
      /acratranslator_connection_host or acratranslator_connection_string parameter$/,
    ],
  ]
  for (const [given, message] of cases) {
    assert.throws(() => peerOf(options(given)), {
      code: 'connector-configuration-invalid',
      message,
    })
  }
})

test('listening is by the string, or by the port where only that was changed', () => {
  const at = (given: Partial<ConnectorOptions>) => {
    const all = options({ acraserver_connection_host: 'acra', ...given })
    const { application, api } = entrancesOf(all, peerOf(all))
    return [application.text, api?.text ?? null]
  }
  assert.deepEqual(at({}), ['tcp://127.0.0.1:9494/', null])
  assert.deepEqual(at({ incoming_connection_port: 1, http_api_enable: true }), [
    'tcp://127.0.0.1:1/',
    'tcp://127.0.0.1:9191/',
  ])
  assert.deepEqual(
    at({ incoming_connection_port: 1, incoming_connection_string: 'unix:///run/a' }),
    ['unix:///run/a', null],
  )
})
