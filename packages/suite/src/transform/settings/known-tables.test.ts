import assert from 'node:assert/strict'
import { test } from 'node:test'
import { traitsOf } from '../testing/index.ts'
import type { DatabaseRelation } from './database-schema.ts'
import { knownTables, loadEncryptorConfig, relationKey } from './index.ts'

const traits = traitsOf()

interface Spec {
  readonly columns: Readonly<Record<string, string | Partial<DatabaseRelation['columns'][number]>>>
  readonly of?: readonly string[]
}

/** Relations by `schema.name`, with the types of their columns. */
function relationsOf(specs: Readonly<Record<string, Spec>>): DatabaseRelation[] {
  const nameOf = (key: string) => {
    const [schema = '', name = ''] = key.split('.')
    return { schema, name }
  }
  return Object.entries(specs).map(([key, { columns, of = [] }]) => ({
    ...nameOf(key),
    kind: 'table',
    columns: Object.entries(columns).map(([name, column]) => ({
      name,
      default: null,
      isComposite: false,
      isGenerated: false,
      ...(typeof column === 'string' ? { type: column } : { type: 'bytea', ...column }),
    })),
    parents: of.map(nameOf),
    reads: [],
    callsFunctions: false,
    query: null,
    expressions: [],
    unique: [],
    isPartition: false,
    hasInsteadTriggers: false,
    rulesName: null,
  }))
}

function known(yaml: string, specs: Readonly<Record<string, Spec>>) {
  const config = loadEncryptorConfig(yaml, 'e.yaml', traits, { onUnprotected: 'refuse' })
  const found = knownTables(config, { relations: relationsOf(specs), ctype: 'C' })
  const table = (key: string) => {
    const [schema = '', name = ''] = key.split('.')
    return found.tables.get(relationKey({ schema, name }))
  }
  const contradictions = found.contradictions.map(
    ({ line, column, text }) => `${line}:${column}: ${text}`,
  )
  return { ...found, config, table, contradictions }
}

const users = 'schemas:\n  - table: users\n    encrypted: [{ column: email }]\n'
const own = { columns: { id: 'integer', email: 'bytea' } }

test('an entry without a schema is that of every table of its name, by the same settings', () => {
  const { table, config, further, missing } = known(users, { 'a.users': own, 'b.users': own })
  const setting = config.columns[0]
  assert.equal(table('a.users')?.protected.get('email'), setting)
  assert.equal(table('b.users')?.protected.get('email'), setting)
  assert.deepEqual(further, config.tables)
  assert.deepEqual(missing, [])
})

test('an entry of a schema goes before one without', () => {
  const yaml = `${users}  - { table: b.users }\n`
  const { table } = known(yaml, { 'a.users': own, 'b.users': own })
  assert.deepEqual([...(table('a.users')?.protected.keys() ?? [])], ['email'])
  assert.equal(table('b.users')?.protected.size, 0)
})

test('an entry for several schemas has to fit one of the tables', () => {
  const other = { columns: { mail: 'bytea' } }
  const one = known(users, { 'a.users': own, 'b.users': other })
  assert.deepEqual(one.contradictions, [])
  assert.equal(one.warnings.length, 1)
  assert.match(one.warnings[0] ?? '', /^b\.users is not as the encryptor config says \(line 3\)/)
  const none = known(users, { 'a.users': other, 'b.users': other })
  assert.equal(none.contradictions.length, 2)
})

test('a table that is not there is kept as the config says, with a warning', () => {
  const { missing, config, warnings } = known(users, { 'a.others': own })
  assert.deepEqual(missing, config.tables)
  assert.match(warnings.join(), /names the table users \(line 2\)/)
})

test('a partition may be named, as long as it says the same as its parent', () => {
  const part = { ...own, of: ['a.users'] }
  const same = `${users}  - table: users_1\n    encrypted: [{ column: email }]\n`
  assert.deepEqual(known(same, { 'a.users': own, 'a.users_1': part }).contradictions, [])
  const otherwise = `${users}  - table: users_1\n    encrypted: [{ column: email, data_type: str }]\n`
  const [said] = known(otherwise, { 'a.users': own, 'a.users_1': part }).contradictions
  assert.match(
    said ?? '',
    /^5:27: table "users_1", column "email": is protected otherwise than in a\.users/,
  )
})

test('of two parents that protect a column the child is protected too, and both must do it alike', () => {
  const yaml = `${users}  - table: people\n    encrypted: [{ column: email, data_type: str }]\n`
  const specs = {
    'a.users': own,
    'a.people': own,
    'a.both': { ...own, of: ['a.users', 'a.people'] },
  }
  const { contradictions, table } = known(yaml, specs)
  assert.equal(table('a.both')?.protected.size, 1)
  assert.equal(contradictions.length, 1)
})

test('a default is a contradiction unless it stores nothing', () => {
  const withDefault = (text: string) =>
    known(users, { 'a.users': { columns: { email: { default: text } } } }).contradictions.length
  for (const text of ['NULL::bytea', "''::bytea", "'\\x'::bytea"])
    assert.equal(withDefault(text), 0, text)
  for (const text of ["'\\x61'::bytea", 'now()', "convert_to('x', 'UTF8')", "'a'::text || 'b'"])
    assert.equal(withDefault(text), 1, text)
})

test('a column has to be of the type that is stored, and no value of it may be made by the database', () => {
  const typed = (options: string, column: Spec['columns'][string]) =>
    known(users.replace('email }', `email, ${options} }`), {
      'a.users': { columns: { email: column } },
    }).contradictions.length
  for (const [options, good, bad] of [
    ['data_type: str', 'bytea', 'text'],
    ['token_type: str', 'character varying(80)', 'bytea'],
    ['token_type: email', 'text', 'integer'],
    ['token_type: int32', 'integer', 'text'],
    ['token_type: int64', 'bigint', 'integer'],
    ['token_type: bytes', 'bytea', 'text'],
  ] as const) {
    assert.equal(typed(options, good), 0, options)
    assert.equal(typed(options, bad), 1, options)
  }
  assert.equal(typed('token_type: int64', { type: 'bigint', isGenerated: true }), 1)
})
