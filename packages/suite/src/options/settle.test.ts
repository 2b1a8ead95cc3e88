import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConfigurationError, problemText } from './errors.ts'
import {
  choice,
  flag,
  ignored,
  int,
  joined,
  type OptionTable,
  type OptionValue,
  type OptionValues,
  prefixed,
  text,
  waits,
} from './option.ts'
import { changed, type GivenValues, settle } from './settle.ts'

const table = {
  client_id: text('', 'An id'),
  port: int(5432, 'A port'),
  mode: choice(['refuse', 'pass'], 'refuse', 'A mode'),
  tls_ca: text('', 'A file'),
  tls_auth: int(4, 'A number'),
  tls_check: choice(['all', 'leaf'], 'all', 'A word'),
  side_ca: text('', 'A file', { general: 'tls_ca' }),
  side_auth: int(-1, 'A number', { general: 'tls_auth', unset: -1 }),
  side_check: choice(['all', 'leaf'], 'all', 'A word', { general: 'tls_check' }),
} as const

function cli(values: Record<string, OptionValue>): GivenValues {
  return new Map(Object.entries(values).map(([name, value]) => [name, { value, origin: null }]))
}

function file(values: Record<string, OptionValue>): GivenValues {
  const entries = Object.entries(values)
  return new Map(
    entries.map(([name, value], at) => [name, { value, origin: `c.yaml:${at + 2}:1` }]),
  )
}

function refusals(
  options: OptionTable,
  commandLine: Record<string, OptionValue>,
  inFile: Record<string, OptionValue> = {},
): string[] {
  try {
    settle(options, cli(commandLine), file(inFile))
  } catch (error) {
    assert.ok(error instanceof ConfigurationError)
    return error.problems.map(problemText)
  }
  return []
}

test('the command line wins over the file, and the file over the default', () => {
  const given = [cli({ port: 1 }), file({ port: 2, client_id: 'file' })] as const
  const { values } = settle(table, ...given)
  assert.deepEqual([values.port, values.client_id, values.mode], [1, 'file', 'refuse'])
})

test('a value on the command line holds even where it is the default', () => {
  assert.equal(settle(table, cli({ port: 5432 }), file({ port: 2 })).values.port, 5432)
  assert.equal(settle(table, cli({ client_id: '' }), file({ client_id: 'x' })).values.client_id, '')
})

test('where a flag is given nowhere its general flag holds, from the command line before the file', () => {
  const side = (commandLine: GivenValues, inFile: GivenValues) =>
    settle(table, commandLine, inFile).values.side_ca
  assert.equal(side(cli({ tls_ca: 'g-cli' }), file({ tls_ca: 'g-file' })), 'g-cli')
  assert.equal(side(cli({}), file({ tls_ca: 'g-file' })), 'g-file')
  assert.equal(side(cli({ tls_ca: 'g-cli' }), file({ side_ca: 'file' })), 'file')
  assert.equal(side(cli({ side_ca: 'cli', tls_ca: 'g-cli' }), file({ side_ca: 'file' })), 'cli')
  assert.equal(side(cli({}), file({})), '')
})

test('a flag of its own that says its default wins over the general flag', () => {
  const given = [cli({ side_check: 'all', tls_check: 'leaf' }), file({})] as const
  assert.equal(settle(table, ...given).values.side_check, 'all')
})

test('the value that means "unset" leaves the word to the general flag', () => {
  const side = (values: Record<string, OptionValue>) =>
    settle(table, cli(values), file({})).values.side_auth
  assert.equal(side({ side_auth: -1, tls_auth: 2 }), 2)
  assert.equal(side({ side_auth: 0, tls_auth: 2 }), 0)
  assert.equal(side({ tls_auth: 2 }), 2)
  assert.equal(side({}), 4)
})

const partial = {
  mysql_enable: waits('MySQL', flag(false, 'MySQL')),
  file: waits('tokens', text('', 'A file')),
  path: waits('Vault', text('secret/', 'A path')),
  auth: waits('TLS', int(4, 'A number'), [0]),
  password: waits('Redis', text('', 'A password', { secret: true })),
  ds: ignored('there is none', flag(false, 'Profiles')),
} as const

test('what does not exist yet is refused, with the flag or the place in the file', () => {
  assert.deepEqual(refusals(partial, { mysql_enable: true }, { auth: 1 }), [
    '--mysql_enable=true asks for MySQL, which this version does not have yet; leave it out',
    'c.yaml:2:1: "auth: 1" asks for TLS, which this version does not have yet; leave it out',
  ])
})

test('the default of what does not exist yet, and what turns it off, are accepted', () => {
  const off = { mysql_enable: false, file: '', path: 'secret/', auth: 0 }
  assert.deepEqual(refusals(partial, off), [])
  assert.deepEqual(refusals(partial, {}, { ...off, path: '', auth: 4 }), [])
  assert.deepEqual(refusals(partial, { mysql_enable: false }, { mysql_enable: true }), [])
})

test('a secret is not shown in a refusal', () => {
  const [refused] = refusals(partial, { password: 'hunter2' })
  assert.match(refused ?? '', /^--password=\.\.\. asks for Redis/)
})

test('a secret on the command line is warned of and not shown; in the file it is silent', () => {
  const table = { password: text('', 'A password', { secret: true }) } as const
  const warnings = (line: GivenValues, inFile: GivenValues) =>
    settle(table, line, inFile).warnings.map(problemText)
  assert.deepEqual(warnings(cli({ password: 'hunter2' }), file({})), [
    '--password=... can be read by every user of this machine as long as the program runs; set it in the configuration file',
  ])
  assert.deepEqual(warnings(cli({}), file({ password: 'hunter2' })), [])
  assert.deepEqual(warnings(cli({ password: '' }), file({})), [])
})

test('what does nothing is accepted with a warning where it asks for something', () => {
  const warnings = (values: Record<string, OptionValue>) =>
    settle(partial, cli({}), file(values)).warnings.map(problemText)
  assert.deepEqual(warnings({ ds: true }), ['c.yaml:2:1: "ds: true" has no effect: there is none'])
  assert.deepEqual(warnings({ ds: false }), [])
})

test('the values are frozen and have the types of their rows', () => {
  const { values } = settle(table, cli({}), file({}))
  assert.ok(Object.isFrozen(values))
  const typed: {
    readonly client_id: string
    readonly port: number
    readonly mode: 'refuse' | 'pass'
  } = values
  // @ts-expect-error A name that is no row is no property either.
  assert.equal(values.nope, undefined)
  assert.deepEqual(Object.keys(typed), Object.keys(table))
  const side: OptionValues<{ a: ReturnType<typeof int> }>['a'] = 1
  assert.equal(side, 1)
})

test('the names that have changed are told', () => {
  const before = settle(table, cli({}), file({})).values
  const after = settle(table, cli({ port: 1, tls_ca: 'x' }), file({})).values
  assert.deepEqual(changed(table, before, after), ['port', 'tls_ca', 'side_ca'])
})

test('tables join only where no name stands in both', () => {
  assert.throws(() => joined(table, { port: int(1, 'Another port') }), /port is declared twice/)
  assert.deepEqual(Object.keys(prefixed('src_', { a: int(1, 'A') } as const)), ['src_a'])
})
