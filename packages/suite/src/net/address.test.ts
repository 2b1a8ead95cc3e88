import assert from 'node:assert/strict'
import { test } from 'node:test'
import { databaseAddress, formatAddress, parseAddress } from './address.ts'

test('addresses are read, and printed as they were', () => {
  const cases = {
    'tcp://127.0.0.1:9393/': { kind: 'tcp', host: '127.0.0.1', port: 9393 },
    'tcp://db.example.com:0/': { kind: 'tcp', host: 'db.example.com', port: 0 },
    'tcp://[::1]:65535/': { kind: 'tcp', host: '::1', port: 65_535 },
    'unix:///run/acra server.sock': { kind: 'unix', path: '/run/acra server.sock' },
  }
  for (const [text, address] of Object.entries(cases)) {
    assert.deepEqual(parseAddress(text), address)
    assert.equal(formatAddress(parseAddress(text)), text)
  }
  for (const scheme of ['tcp', 'grpc', 'http']) {
    assert.deepEqual(parseAddress(`${scheme}://h:1`), { kind: 'tcp', host: 'h', port: 1 })
  }
})

test('what is no address is refused with what was expected', () => {
  const bad = [
    '',
    'localhost:1',
    'https://h:1/',
    'tcp://h/',
    'tcp://:1/',
    'tcp://h:65536/',
    'tcp://h:-1/',
    'tcp://h:1/path',
    'tcp://::1:1/',
    'tcp://user@h:1/',
    'unix://relative',
    'unix://',
    `unix:///${'x'.repeat(107)}`,
  ]
  for (const text of bad) {
    assert.throws(
      () => parseAddress(text),
      (error: Error & { code?: string }) =>
        error.code === 'address-invalid' && /expected|longer than/.test(error.message),
      text,
    )
  }
})

test('a database host that begins with a slash is a folder of sockets', () => {
  assert.deepEqual(databaseAddress('/run/postgresql/', 5433), {
    kind: 'unix',
    path: '/run/postgresql/.s.PGSQL.5433',
  })
  assert.deepEqual(databaseAddress('/', 1), { kind: 'unix', path: '/.s.PGSQL.1' })
  assert.deepEqual(databaseAddress('::1', 1), { kind: 'tcp', host: '::1', port: 1 })
  assert.throws(() => databaseAddress(`/${'x'.repeat(100)}`, 5432), { code: 'address-invalid' })
})
