import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Catalog } from '../../sql/index.ts'
import { traitsOf } from '../testing/index.ts'
import {
  type EncryptorConfig,
  EncryptorConfigError,
  loadEncryptorConfig,
  noEncryptorConfig,
} from './index.ts'

const postgres = traitsOf()

function load(text: string): EncryptorConfig {
  return loadEncryptorConfig(text, 'e.yaml', postgres, { onUnprotected: 'refuse' })
}

/** The lines of the error that `text` gives, without the first, which says only that there are some. */
function problems(text: string): string[] {
  try {
    load(text)
  } catch (error) {
    assert.ok(error instanceof EncryptorConfigError, String(error))
    assert.equal(error.code, 'encryptor-config-invalid')
    return error.message.split('\n').slice(1)
  }
  assert.fail(`loaded without a problem:\n${text}`)
}

/** A table `users` whose one encrypted column has `option` at line 4, column 25. */
function withOption(option: string): string {
  return `schemas:\n  - table: users\n    encrypted:\n      - {column: email, ${option}}\n`
}

/** The column where the value of `option` stands in `withOption(option)`. */
function valueColumn(option: string): number {
  return 25 + option.indexOf(': ') + 2
}

const example = `
database_settings:
  mysql: { case_sensitive_table_identifiers: false }
defaults:
  crypto_envelope: acrablock
  reencrypting_to_acrablocks: true
schemas:
  - table: users
    columns: [id, email, phone, ssn, age, photo]
    encrypted:
      - { column: email, data_type: str }
      - { column: phone, data_type: bytes, response_on_fail: ciphertext }
      - column: ssn
        reencrypting_to_acrablocks: no
        on_unprotected: pass
      - { column: photo, client_id: "other", crypto_envelope: acrastruct }
  - table: orders
    columns: [id, item]
`

test('the example of the manual gives its settings', () => {
  const config = load(example)
  const users = config.table(null, 'users')
  assert.ok(users)
  assert.deepEqual(users.columns, ['id', 'email', 'phone', 'ssn', 'age', 'photo'])
  const plain = {
    table: 'users',
    clientId: null,
    envelope: 'acrablock',
    reencryptsToAcraBlock: true,
    searchable: false,
    masking: null,
    tokenization: null,
    equality: 'none',
    dataType: null,
    onFail: 'ciphertext',
    onEnvelope: 'keep',
    onUnprotected: 'refuse',
  }
  assert.deepEqual(
    [...users.protected.values()],
    [
      { ...plain, column: 'email', dataType: 'str' },
      { ...plain, column: 'phone', dataType: 'bytes' },
      { ...plain, column: 'ssn', reencryptsToAcraBlock: false, onUnprotected: 'pass' },
      { ...plain, column: 'photo', clientId: 'other', envelope: 'acrastruct' },
    ],
  )
  assert.equal(config.empty, false)
  assert.equal(config.table(null, 'orders')?.protected.size, 0)
  assert.equal(config.table(null, 'nothing'), null)
})

test('a config is the catalog of the analysis, and a setting its protected column', () => {
  const config = load(example)
  const catalog: Catalog = config
  const found = catalog.table(null, 'users')?.protected.get('email')
  assert.equal(found, config.columns[0])
  assert.equal(catalog.protectedName('email'), config.columns[0])
})

test('a config that names tables and protects no column is empty, as is no config', () => {
  assert.equal(load('').empty, true)
  assert.equal(load('# nothing\n').empty, true)
  assert.equal(load('schemas:\n').empty, true)
  const known = load('schemas:\n  - table: users\n')
  assert.equal(known.empty, true)
  assert.notEqual(known.table('any', 'users'), null)
  assert.equal(noEncryptorConfig({ onUnprotected: 'pass' }).onUnprotected, 'pass')
})

test('defaults are copied to columns that lack the option', () => {
  const config = load(`
defaults: {crypto_envelope: acrastruct, reencrypting_to_acrablocks: off, consistent_tokenization: on}
schemas:
  - table: t
    encrypted: [{column: a}, {column: b, crypto_envelope: acrablock, reencrypting_to_acrablocks: Yes}]
`)
  const columns = config.table(null, 't')?.protected
  assert.equal(columns?.get('a')?.envelope, 'acrastruct')
  assert.equal(columns?.get('a')?.reencryptsToAcraBlock, false)
  assert.equal(columns?.get('b')?.envelope, 'acrablock')
  assert.equal(columns?.get('b')?.reencryptsToAcraBlock, true)
})

test('a column without on_unprotected takes the option of the program', () => {
  const text = withOption('data_type: str')
  const config = loadEncryptorConfig(text, 'e.yaml', postgres, { onUnprotected: 'pass' })
  assert.equal(config.protectedName('email')?.onUnprotected, 'pass')
})

test('options of the original that are turned off are accepted', () => {
  const off = [
    'searchable: false',
    'searchable: no',
    'searchable:',
    'masking: ""',
    'plaintext_length: 0',
    'plaintext_side: ""',
    'token_type: ""',
    'tokenized: off',
    'consistent_tokenization: false',
    'data_type: Unknown',
    'data_type: ""',
    'data_type_db_identifier: 0',
    'default_data_value: ~',
    'response_on_fail: ciphertext',
    'response_on_fail: ""',
    'client_id: ""',
    'zone_id: ""',
    'searchable_prefix: 0',
  ]
  for (const option of off) assert.equal(load(withOption(option)).empty, false, option)
})

test('an option that this version does not have is refused with its place, table, column and key', () => {
  const asked: [string, string][] = [
    ['searchable_prefix: 7', 'searchable_prefix: is not in this version yet: remove the option'],
    ['searchable_prefix: 5', 'searchable_prefix: is not in this version yet: remove the option'],
  ]
  for (const [option, text] of asked) {
    const expected = [`e.yaml:4:${valueColumn(option)}: table "users", column "email": ${text}`]
    assert.deepEqual(problems(withOption(option)), expected)
  }
})

test('every operation of the manual gives its setting', () => {
  const config = load(`
defaults: { consistent_tokenization: true }
schemas:
  - table: t
    encrypted:
      - { column: a, searchable: true, data_type: str, response_on_fail: error }
      - { column: b, masking: xxxx, plaintext_length: 3, plaintext_side: left }
      - { column: c, masking: "", plaintext_length: 0, token_type: email }
      - { column: d, token_type: int32, consistent_tokenization: false, tokenized: true }
      - { column: e, data_type_db_identifier: 23, response_on_fail: default_value, default_data_value: "-1" }
      - { column: f, data_type: bytes, default_data_value: AAEC }
      - { column: g, searchable: true, response_on_fail: error }
      - { column: h, token_type: str, crypto_envelope: acrastruct }
      - { column: i, data_type: "text[]" }
`)
  const of = (name: string) => config.protectedName(name)!
  assert.equal(of('a').searchable, true)
  assert.equal(of('a').equality, 'prefix')
  assert.equal(of('a').onFail, 'error')
  assert.deepEqual(of('b').masking, { pattern: Buffer.from('xxxx'), plainSize: 3, side: 'left' })
  assert.deepEqual(of('c').tokenization, { type: 'email', consistent: true })
  assert.equal(of('c').equality, 'whole')
  assert.deepEqual(of('d').tokenization, { type: 'int32', consistent: false })
  assert.equal(of('d').equality, 'none')
  assert.equal(of('e').dataType, 'int32')
  assert.deepEqual(of('e').onFail, { value: Buffer.from('-1') })
  assert.deepEqual(of('f').onFail, { value: Buffer.of(0, 1, 2) })
  assert.equal(of('g').onFail, 'error')
  assert.equal(of('h').tokenization?.type, 'str')
  assert.equal(of('i').dataType, 'text[]')
})

test('options that do not go together are refused, each at its key', () => {
  const bad: [string, string][] = [
    [
      'searchable: true, masking: x, plaintext_side: left',
      'masking: cannot be used along with "searchable"',
    ],
    ['searchable: true, token_type: str', 'token_type: cannot be used along with "searchable"'],
    [
      'masking: x, plaintext_side: left, token_type: str',
      'token_type: cannot be used along with "masking"',
    ],
    ['token_type: str, data_type: str', 'token_type: cannot be used along with "data_type"'],
    [
      'token_type: str, response_on_fail: error',
      'token_type: cannot be used along with "response_on_fail"',
    ],
    [
      'masking: x, plaintext_side: left, data_type: int32',
      'masking: masking configuration error: data type not supported',
    ],
    [
      'masking: x, plaintext_side: left, data_type: date',
      'masking: masking configuration error: data type not supported',
    ],
    [
      'masking: x, plaintext_side: left, data_type: str, crypto_envelope: acrastruct',
      'masking: cannot be used along with a data type and "crypto_envelope: acrastruct"',
    ],
    [
      'masking: x, plaintext_side: left, data_type: str, response_on_fail: error',
      'masking: cannot be used along with "response_on_fail"',
    ],
    [
      'searchable: true, data_type: str, default_data_value: x',
      'default_data_value: needs "response_on_fail: default_value"',
    ],
    ['response_on_fail: error', 'response_on_fail: "error" needs a "data_type"'],
    [
      'response_on_fail: default_value',
      'response_on_fail: "default_value" needs a default_data_value',
    ],
    ['default_data_value: x', 'default_data_value: default_data_value used without data_type_id'],
    [
      'data_type: str, default_data_value: x, response_on_fail: error',
      'response_on_fail: default data value is defined, but `response_on_fail` operation is not "default" (error)',
    ],
    [
      'data_type: int32, default_data_value: x',
      'default_data_value: invalid default value: must be a value of int32',
    ],
    [
      'data_type: bytes, default_data_value: "?"',
      'default_data_value: invalid default value: must be base64 of bytes',
    ],
    [
      'data_type: str, data_type_db_identifier: 23',
      "data_type_db_identifier: data_type can't be used along with",
    ],
    [
      'data_type_db_identifier: 99',
      'data_type_db_identifier: unsupported data_type_db_identifier option "99"',
    ],
    ['on_envelope: pass', 'on_envelope: "pass": must be "keep" or "seal"'],
    [
      'token_type: str, on_envelope: seal',
      'on_envelope: cannot be used along with "token_type": tokens are restored by --restore',
    ],
    ['plaintext_length: 3', "masking: masking pattern can't be empty"],
    ['plaintext_side: left', "masking: masking pattern can't be empty"],
    ['masking: x', 'plaintext_side: plaintext side must be left or right'],
    ['tokenized: true', 'tokenized: `tokenized` is provided without `token_type`'],
    [
      'consistent_tokenization: true',
      'consistent_tokenization: `consistent_tokenization` is provided without `token_type`',
    ],
    [
      'token_type: str, tokenized: false',
      'tokenized: `tokenized` is disabled, but `token_type` is provided',
    ],
  ]
  for (const [options, text] of bad) {
    const found = problems(withOption(options))
    const named = `: table "users", column "email": ${text}`
    assert.ok(
      found.some((line) => line.includes(named)),
      `${options}\n${found.join('\n')}`,
    )
    assert.ok(
      found.every((line) => line.startsWith('e.yaml:4:')),
      options,
    )
  }
})

test('a bad value of an option is refused with the sentence of the manual', () => {
  const bad: [string, string][] = [
    [
      'crypto_envelope: acrablok',
      'crypto_envelope: invalid CryptoEnvelopeType "acrablok": must be "acrablock" or "acrastruct"',
    ],
    [
      'zone_id: DDDDDDDDtooshort',
      "zone_id: invalid zone id: must be eight letters 'D' and sixteen ASCII letters",
    ],
    [
      'token_type: int32_string',
      'token_type: int32_string: unknown token type: must be one of int32, int64, str, bytes, email',
    ],
    [
      'response_on_fail: nothing',
      'response_on_fail: unknown response_on_fail value: \'nothing\': must be "ciphertext", "default_value" or "error"',
    ],
    ['plaintext_length: -1', 'plaintext_length: plaintext length cannot be negative'],
    ['on_unprotected: ignore', 'on_unprotected: "ignore": must be "refuse" or "pass"'],
    [
      'client_id: abcd',
      "client_id: invalid client ID: must be 5 to 256 digits, letters and '_', '-', ' ' characters",
    ],
    [
      'client_id: ../secret',
      "client_id: invalid client ID: must be 5 to 256 digits, letters and '_', '-', ' ' characters",
    ],
  ]
  for (const [option, text] of bad) {
    const expected = [`e.yaml:4:${valueColumn(option)}: table "users", column "email": ${text}`]
    assert.deepEqual(problems(withOption(option)), expected)
  }
})

test('an unknown key is refused at its place with the nearest known name', () => {
  assert.deepEqual(problems('schema:\n  - table: users\n'), [
    'e.yaml:1:1: unknown key "schema", did you mean "schemas"?',
  ])
  assert.deepEqual(problems('schemas:\n  - table: users\n    encryptd: []\n'), [
    'e.yaml:3:5: table "users": unknown key "encryptd", did you mean "encrypted"?',
  ])
  assert.deepEqual(problems(withOption('cryptoenvelope: acrablock')), [
    'e.yaml:4:25: table "users", column "email": unknown key "cryptoenvelope", did you mean "crypto_envelope"?',
  ])
  assert.deepEqual(problems('defaults: {zzzzzzzzz: 1}\n'), [
    'e.yaml:1:12: defaults: unknown key "zzzzzzzzz"',
  ])
  assert.deepEqual(problems('database_settings: {mysql: {case_sensitive: true}, oracle: {}}\n'), [
    'e.yaml:1:29: database_settings, mysql: unknown key "case_sensitive"',
    'e.yaml:1:52: database_settings: unknown key "oracle"',
  ])
})

test('a value of the wrong type is refused at its place', () => {
  const wrong: [string, string][] = [
    ['just text', '1:1: the file must be a map with the key "schemas"'],
    ['schemas: users', '1:10: schemas: must be a list'],
    ['schemas: [users]', '1:11: schemas: every item must be a map with the key "table"'],
    ['schemas:\n  - table: [a]', '2:12: table: must be a text'],
    ['schemas:\n  - table: a\n    columns: id', '3:14: table "a": columns: must be a list'],
    [
      'schemas:\n  - table: a\n    columns: [id, {x: 1}]',
      '3:19: table "a": columns: must be a list of texts',
    ],
    [
      'schemas:\n  - table: a\n    encrypted: {column: x}',
      '3:16: table "a": encrypted: must be a list',
    ],
    [
      'schemas:\n  - table: a\n    encrypted: [x]',
      '3:17: table "a": encrypted: every item must be a map with the key "column"',
    ],
    ['defaults: [a]', '1:11: defaults: must be a map of keys and values'],
    [
      'defaults: {reencrypting_to_acrablocks: 1}',
      '1:40: defaults: reencrypting_to_acrablocks: must be true or false',
    ],
    [
      'defaults: {reencrypting_to_acrablocks: "true"}',
      '1:40: defaults: reencrypting_to_acrablocks: must be true or false',
    ],
    [
      'database_settings: {mysql: {case_sensitive_table_identifiers: 2}}',
      '1:63: database_settings, mysql: case_sensitive_table_identifiers: must be true or false',
    ],
    ['trusted_functions: audit', '1:20: trusted_functions: must be a list'],
    [
      withOption('plaintext_length: three'),
      '4:43: table "users", column "email": plaintext_length: must be a whole number',
    ],
    [
      withOption('client_id: [other]'),
      '4:36: table "users", column "email": client_id: must be a text',
    ],
    [
      withOption('searchable: maybe'),
      '4:37: table "users", column "email": searchable: must be true or false',
    ],
  ]
  for (const [text, problem] of wrong) {
    assert.ok(problems(text).includes(`e.yaml:${problem}`), `${text}\n${problems(text).join('\n')}`)
  }
})

test('tables and columns that stand twice, and names that are none, are refused at their place', () => {
  const bad: [string, string][] = [
    ['schemas: [{table: a}, {table: b}, {table: a}]', '1:43: table "a": the table is listed twice'],
    [
      'schemas: [{table: p.a}, {table: a, schema: p}]',
      '1:33: table "a": the table is listed twice',
    ],
    [
      'schemas: [{table: a, columns: [x, y, x]}]',
      '1:38: table "a": columns: column "x" is listed twice',
    ],
    [
      'schemas: [{table: a, encrypted: [{column: x}, {column: x}]}]',
      '1:56: table "a", column "x": the column is listed twice in "encrypted"',
    ],
    [
      'schemas: [{table: a, columns: [email], encrypted: [{column: emial}]}]',
      '1:61: table "a": column "emial" is not in the table\'s "columns", did you mean "email"?',
    ],
    ['schemas: [{columns: [x]}]', '1:11: table: the table has no name'],
    ['schemas: [{table: ""}]', '1:19: table "": table: the table has no name'],
    ['schemas: [{table: a, schema: ""}]', '1:30: table "a": schema: a name is empty'],
    ['schemas: [{table: a, columns: [x, ""]}]', '1:35: table "a": columns: a name is empty'],
    [
      'schemas: [{table: a, encrypted: [{client_id: other}]}]',
      '1:34: table "a": column: invalid encryptor config: the column has no name',
    ],
    ['schemas: [{table: a, table: b}]', '1:22: key "table" stands twice in one map'],
    [
      'schemas: [{table: a.b.c}]',
      '1:19: table "a.b.c": table: must be "name" or "schema.name"; a part with a dot in it is written in double quotes',
    ],
    [
      'schemas: [{table: p.a, schema: q}]',
      '1:32: table "p.a": schema: "q" differs from the schema in the table\'s name, "p"',
    ],
    [
      `schemas: [{table: ${'n'.repeat(64)}}]`,
      `1:19: table "${'n'.repeat(64)}": table: "${'n'.repeat(64)}" is longer than 63 bytes`,
    ],
  ]
  for (const [text, problem] of bad) assert.deepEqual(problems(text), [`e.yaml:${problem}`])
})

test('all problems of a file are told, in its order, up to a bound', () => {
  const text =
    'schemas:\n  - table: a\n    encrypted:\n      - {column: x, tokenized: true}\n      - {column: y, tokenized: yes}\nextra: 1\n'
  assert.deepEqual(
    problems(text).map((line) => line.split(': ')[0]),
    ['e.yaml:4:32', 'e.yaml:5:32', 'e.yaml:6:1'],
  )
  const many = problems(`schemas: [${'1, '.repeat(80)}]`)
  assert.equal(many.length, 51)
  assert.equal(many.at(-1), 'e.yaml: and 30 more')
})

test('a table without a schema stands for every schema, one with a schema for that and the unqualified name', () => {
  const config = load(`
schemas:
  - { table: anywhere, encrypted: [{column: a}] }
  - { table: here, schema: public, encrypted: [{column: b}] }
  - { table: app.there, encrypted: [{column: c}] }
  - { table: both, schema: public, encrypted: [{column: d}] }
  - { table: both, schema: archive, encrypted: [{column: e}] }
  - { table: three, schema: one, encrypted: [{column: f}] }
  - { table: three, schema: two, encrypted: [{column: g}] }
  - { table: three, encrypted: [{column: h}] }
  - { table: '"with.dot"', encrypted: [{column: i}] }
`)
  const found = (schema: string | null, name: string) =>
    [...(config.table(schema, name)?.protected.keys() ?? [])].join()
  assert.equal(found(null, 'anywhere'), 'a')
  assert.equal(found('any', 'anywhere'), 'a')
  assert.equal(found(null, 'here'), 'b')
  assert.equal(found('public', 'here'), 'b')
  assert.equal(config.table('archive', 'here'), null)
  assert.equal(found(null, 'there'), 'c')
  assert.equal(found('app', 'there'), 'c')
  assert.equal(config.table('public', 'there'), null)
  assert.equal(found('archive', 'both'), 'e')
  assert.equal(found('one', 'three'), 'f')
  assert.equal(found('two', 'three'), 'g')
  assert.equal(found('other', 'three'), 'h')
  assert.equal(found(null, 'with.dot'), 'i')
})

test('an unqualified name means the table that protects something before one that does not', () => {
  const config = load(`
schemas:
  - { table: public.users, columns: [id, email] }
  - { table: app.users, columns: [id, email], encrypted: [{ column: email }] }
`)
  assert.equal(config.table(null, 'users')?.schema, 'app')
  assert.equal(config.table('public', 'users')?.protected.size, 0)
})

test('a name without a schema means the first table along the search path, or is in doubt', () => {
  const config = load(`
schemas:
  - { table: public.users, columns: [id, email], encrypted: [{ column: email }] }
  - { table: archive.users, columns: [id, email] }
  - { table: berlin.users, encrypted: [{ column: email }, { column: phone }] }
  - { table: one.same, encrypted: [{ column: a, data_type: str }] }
  - { table: two.same, encrypted: [{ column: a, data_type: str }] }
  - { table: rest }
  - { table: rest, schema: app, encrypted: [{ column: a }] }
`)
  const found = (name: string, ...paths: (string[] | null)[]) => {
    const { table, doubt } = config.unqualified(name, paths)
    return doubt.length > 0 ? doubt.join(' | ') : table && (table.schema ?? '*')
  }
  assert.equal(found('users', ['public']), 'public')
  assert.equal(found('users', ['ann', 'public', 'archive']), 'public')
  assert.equal(found('users', ['archive']), 'archive')
  assert.equal(found('users', ['other']), null)
  assert.equal(found('users', []), null)
  // Whether there is an archive.users at all only the database knows.
  assert.equal(found('users', ['archive', 'public']), 'archive.users | public.users')
  assert.equal(found('users', ['berlin', 'public']), 'berlin.users | public.users')
  assert.equal(found('users', null), 'public.users | berlin.users')
  assert.equal(found('users', ['public'], ['archive']), 'public.users | archive.users')
  assert.equal(found('users', ['public'], ['other']), 'public.users | users of another schema')
  assert.equal(found('users', ['archive'], ['other']), null)
  assert.equal(found('same', ['one'], ['two'], null), 'one')
  assert.equal(found('rest', ['public']), '*')
  assert.equal(found('rest', ['public', 'app']), 'rest of another schema | app.rest')
  assert.equal(found('rest', null), 'app')
  assert.equal(config.unqualified('unknown', [null]).readsPath, false)
})

test('columns are read alike where they have the same data type', () => {
  const config = load(`
schemas:
  - table: users
    encrypted: [{ column: a, data_type: str }, { column: b, data_type: str }, { column: c }]
`)
  const [a, b, c] = ['a', 'b', 'c'].map((name) => config.protectedName(name)!)
  assert.ok(config.alike(a!, b!))
  assert.ok(!config.alike(a!, c!))
})

test('tokens and masked values are read alike where they are stored alike', () => {
  const config = load(`
schemas:
  - table: users
    encrypted:
      - { column: a, token_type: str, consistent_tokenization: true }
      - { column: b, token_type: str, consistent_tokenization: true }
      - { column: c, token_type: str }
      - { column: d, token_type: int32, consistent_tokenization: true }
      - { column: e, masking: x, plaintext_length: 3, plaintext_side: left }
      - { column: f, masking: x, plaintext_length: 3, plaintext_side: left }
      - { column: g, masking: x, plaintext_length: 3, plaintext_side: right }
`)
  const found = (name: string) => config.protectedName(name)!
  assert.ok(config.alike(found('a'), found('b')))
  assert.ok(!config.alike(found('a'), found('c')))
  assert.ok(!config.alike(found('a'), found('d')))
  assert.ok(config.alike(found('e'), found('f')))
  assert.ok(!config.alike(found('e'), found('g')))
})

test('names are compared as they are written', () => {
  const config = load('schemas: [{table: Accounts, encrypted: [{column: Email}]}]')
  assert.notEqual(config.table(null, 'Accounts'), null)
  assert.equal(config.table(null, 'accounts'), null)
  assert.equal(config.protectedName('email'), null)
  assert.equal(config.protectedName('Email')?.table, 'Accounts')
})

test('of several protected columns of one name the one that refuses is found', () => {
  const config = load(`
schemas:
  - { table: a, encrypted: [{column: x, on_unprotected: pass}] }
  - { table: b, encrypted: [{column: x}] }
  - { table: c, encrypted: [{column: x, on_unprotected: pass}] }
`)
  assert.equal(config.protectedName('x')?.table, 'b')
})

test('a schema may protect if a table of it does, or one of no certain schema', () => {
  const config = load(`
schemas:
  - { table: a, schema: hr, encrypted: [{column: x}] }
  - { table: b, schema: app, columns: [y] }
`)
  assert.ok(config.mayProtect('hr'))
  assert.ok(!config.mayProtect('app'))
  assert.ok(!config.mayProtect('other'))
  assert.ok(load('schemas: [{ table: a, encrypted: [{column: x}] }]').mayProtect('other'))
})

test('functions are trusted just as the config writes them', () => {
  const config = load('trusted_functions: [audit, app.log, "stats.*"]')
  assert.ok(config.trusts(null, 'audit'))
  assert.ok(config.trusts('app', 'log'))
  assert.ok(config.trusts('stats', 'anything'))
  assert.ok(!config.trusts('app', 'audit'))
  assert.ok(!config.trusts(null, 'log'))
  assert.ok(!config.trusts(null, 'anything'))
  for (const entry of ['"*"', '"*.f"', '""', 'a.b.c', '"a.*b"', '~']) {
    const [problem] = problems(`trusted_functions: [${entry}]`)
    assert.match(problem, /^e\.yaml:1:21: trusted_functions: ".*": must be "name"/)
  }
})

test('anchors, aliases and merge keys are read as YAML 1.1 has them', () => {
  const config = load(`
schemas:
  - table: a
    encrypted: &columns
      - &one { column: x, data_type: str, client_id: other }
      - { <<: *one, column: y, data_type: bytes }
      - { <<: [{ column: z, client_id: third }, *one] }
  - { table: b, encrypted: *columns }
`)
  const columns = [...(config.table(null, 'b')?.protected.values() ?? [])]
  assert.deepEqual(
    columns.map((column) => [column.column, column.dataType, column.clientId]),
    [
      ['x', 'str', 'other'],
      ['y', 'bytes', 'other'],
      ['z', 'str', 'third'],
    ],
  )
})

test('a text that is not YAML, or not one document, is refused at its place', () => {
  assert.deepEqual(problems('a: [1\n'), [
    'e.yaml:2:1: flow sequence in block collection must be sufficiently indented and end with a ]',
  ])
  assert.deepEqual(problems('\tschemas: []'), ['e.yaml:1:1: tabs are not allowed as indentation'])
  assert.deepEqual(problems('schemas: []\n---\nschemas: []\n'), [
    'e.yaml:2:1: a second document in one file',
  ])
  assert.deepEqual(problems('schemas: *nothing'), [
    'e.yaml:1:10: no anchor named "nothing" stands complete before this alias',
  ])
  assert.deepEqual(problems('schemas: &self [*self]'), [
    'e.yaml:1:17: no anchor named "self" stands complete before this alias',
  ])
  assert.deepEqual(problems('? [a]\n: b\n'), [
    'e.yaml:1:3: with stringKeys, all keys must be strings',
  ])
  assert.match(problems('schemas: !!binary aGk=')[0], /^e\.yaml:1:10: unresolved tag/)
})

test('length, depth and what aliases multiply are bounded', () => {
  assert.deepEqual(problems('[ '.repeat(100_000)), [
    'e.yaml:1:64: values are nested deeper than 32 levels',
  ])
  assert.deepEqual(problems('- '.repeat(100_000)), [
    'e.yaml:1:64: values are nested deeper than 32 levels',
  ])
  assert.deepEqual(problems('#'.repeat(4 * 1024 * 1024 + 1)), [
    'e.yaml:1:1: the file is larger than 4194304 characters',
  ])
  const keys = Array.from({ length: 2_000 }, (_, index) => `k${index}: 1`).join(', ')
  const bomb = `a: &a {${keys}}\nb: {<<: [${'*a, '.repeat(500)}]}\n`
  assert.match(problems(bomb)[0], /^e\.yaml:1:\d+: more than 500000 values$/)
})

test('files of 0.90 and 0.91 mean AcraStructs where they say nothing, and so does an installation of 0.90', () => {
  const column =
    'schemas: [{table: t, encrypted: [{column: c, masking: x, plaintext_side: left}]}]\n'
  const envelopeOf = (text: string, release?: '0.90' | '0.96') => {
    const installation = { onUnprotected: 'refuse', ...(release && { release }) } as const
    return loadEncryptorConfig(text, 'e.yaml', postgres, installation).columns[0]?.envelope
  }
  for (const version of ['0.90.0', '0.90', '0.91.3'])
    assert.equal(envelopeOf(`version: ${version}\n${column}`), 'acrastruct', version)
  for (const version of ['0.92.0', '0.96.0', '0.96', '0.1.0'])
    assert.equal(envelopeOf(`version: ${version}\n${column}`, '0.90'), 'acrablock', version)
  assert.equal(envelopeOf(column), 'acrablock')
  assert.equal(envelopeOf(column, '0.90'), 'acrastruct')
  assert.equal(envelopeOf(`defaults: {crypto_envelope: acrablock}\n${column}`, '0.90'), 'acrablock')
})

test('in a file of 0.90 a token type needs to be said to tokenize', () => {
  const column = (more: string) =>
    `schemas: [{table: t, encrypted: [{column: c, token_type: str${more}}]}]\n`
  assert.match(problems(`version: 0.90.0\n${column('')}`)[0], /token_type: does nothing in 0\.90/)
  assert.equal(load(`version: 0.90.0\n${column(', tokenized: true')}`).columns.length, 1)
  assert.equal(load(`version: 0.91.0\n${column('')}`).columns.length, 1)
})

test('a key of an older name for settings of databases is no fault', () => {
  assert.equal(load('database_config: {mysql: {a: 1}}\n').empty, true)
})

test('a version that is none of ours is refused', () => {
  assert.match(problems('version: 1.2\n')[0], /^e\.yaml:1:10: version: "1\.2" is not a version/)
})

test('unlisted tables are refused where they are not trusted', () => {
  assert.equal(load('').trustsUnlisted, false)
  assert.equal(load('unlisted_tables: refuse').trustsUnlisted, false)
  const config = load('unlisted_tables: trust')
  assert.equal(config.trustsUnlisted, true)
  assert.equal(config.over([], []).trustsUnlisted, true)
  assert.match(
    problems('unlisted_tables: pass')[0],
    /^e\.yaml:1:18: unlisted_tables: "pass": must be "refuse" or "trust"/,
  )
})
