/** Dumps of ciphertext that go back through acra-server, and stored values that applications write again: nothing is encrypted twice. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type pg from 'pg'
import { directly } from './people.ts'
import { type Front, type Lab, startLab } from './setup.ts'
import { through } from './through.ts'

const columns = ['mail', 'found', 'age', 'born', 'photo', 'phone', 'tail', 'old'] as const
const encryptorConfig = `schemas:
  - table: accounts
    columns: [id, ${columns.join(', ')}, token, number]
    encrypted:
      - { column: mail, data_type: str }
      - { column: found, data_type: str, searchable: true }
      - { column: age, data_type: int32, response_on_fail: error }
      - { column: born, data_type: date }
      - { column: photo }
      - { column: phone, data_type: str, masking: xxxx, plaintext_length: 3, plaintext_side: left }
      - { column: tail, masking: xxxx, plaintext_length: 2, plaintext_side: right }
      - { column: old, data_type: str, crypto_envelope: acrastruct }
      - { column: token, token_type: email, consistent_tokenization: true }
      - { column: number, token_type: int32 }
`
const types = columns.map((column) => `${column} bytea`).join(', ')
const schema = `CREATE TABLE accounts (id integer PRIMARY KEY, ${types}, token text, number integer)`

let lab: Lab
let folder: string
let own: Front
let foreign: Front
before(async () => {
  lab = await startLab({ version: '15' })
  folder = mkdtempSync(join(tmpdir(), 'acra-restore-'))
  await directly(lab.database, (client) => client.query(schema))
  own = await serve()
  foreign = await lab.front({ encryptorConfig, clientId: 'stranger' })
  await write(own)
})
after(async () => {
  await lab.stop()
  rmSync(folder, { recursive: true })
})

/** An acra-server; all of them share the store of tokens. */
function serve(...flags: readonly string[]): Promise<Front> {
  return lab.front({ encryptorConfig, flags: [`--token_db=${join(folder, 'tokens')}`, ...flags] })
}

const plain = [
  'ann@example.org',
  'ann@example.org',
  42,
  '2001-02-03',
  Buffer.from('a photograph'),
  '12é45678',
  Buffer.from('1234567890'),
  'an old value',
  'ann@example.com',
  4242,
]

async function write(front: Front): Promise<void> {
  await through(lab.database, front, async (client) => {
    await client.query('DELETE FROM accounts')
    const places = plain.map((_, index) => `$${index + 2}`).join(', ')
    await client.query(`INSERT INTO accounts VALUES ($1, ${places})`, [1, ...plain])
  })
}

type Row = Record<string, unknown>

async function storedRow(): Promise<Row> {
  const { rows } = await directly(lab.database, (client) =>
    client.query<Row>('SELECT * FROM accounts'),
  )
  assert.equal(rows.length, 1)
  return rows[0]!
}

/** What the application reads. */
function read(front: Front = own): Promise<unknown[]> {
  return through(lab.database, front, async (client) => {
    const text = `SELECT id, mail, found, age, born::text AS born, photo, phone, tail, old, token, number FROM accounts WHERE found = 'ann@example.org'`
    const { rows } = await client.query<Row>(text.replace('born::text AS born', 'born'))
    return rows.map((row) => ({ ...row, born: (row.born as Date).toLocaleDateString('sv') }))
  })
}

const shown = [
  Object.fromEntries(
    ['id', ...columns, 'token', 'number'].map((name, index) => [name, [1, ...plain][index]]),
  ),
]

/** Runs a program of PostgreSQL's and gives what it prints. */
async function run(
  program: string,
  words: readonly string[],
  { host, port }: { readonly host: string; readonly port: number },
  input = '',
): Promise<string> {
  const { user, password, database } = lab.database
  const env = {
    PATH: process.env.PATH,
    PGHOST: host,
    PGPORT: String(port),
    PGUSER: user,
    PGPASSWORD: password,
    PGDATABASE: database,
    LC_ALL: 'C.UTF-8',
  }
  const child = spawn(program, words, { env })
  let [output, errors] = ['', '']
  child.stdout.on('data', (chunk) => (output += chunk))
  child.stderr.on('data', (chunk) => (errors += chunk))
  child.stdin.end(input)
  await once(child, 'close')
  assert.equal(errors, '')
  return output
}

for (const [form, flags] of [
  ['COPY', []],
  ['INSERT', ['--inserts']],
  ['INSERT with columns and several rows', ['--column-inserts', '--rows-per-insert=3']],
] as const) {
  test(`a dump that was taken past acra-server (${form}) is restored through it as it was`, async () => {
    const before = await storedRow()
    const dump = await run('pg_dump', ['--data-only', '-t', 'accounts', ...flags], lab.database)
    assert.match(dump, /x2525/)
    const restoring = await serve('--restore')
    assert.match(restoring.log(), /level=warning .*code=2003/)
    await directly(lab.database, (client) => client.query('TRUNCATE accounts'))
    await run('psql', ['-X', '-q', '-v', 'ON_ERROR_STOP=1', '-o', '/dev/null'], restoring, dump)
    assert.deepEqual(await storedRow(), before)
    assert.deepEqual(await read(), shown)
  })
}

test('without --restore ciphertext stays as it was too, and tokens are values like any other', async () => {
  const before = await storedRow()
  const dump = await run('pg_dump', ['--data-only', '-t', 'accounts'], lab.database)
  await directly(lab.database, (client) => client.query('TRUNCATE accounts'))
  await run('psql', ['-X', '-q', '-v', 'ON_ERROR_STOP=1', '-o', '/dev/null'], own, dump)
  const after = await storedRow()
  for (const column of columns) assert.deepEqual(after[column], before[column], column)
  assert.notEqual(after.token, before.token)
  const [row] = await through(lab.database, own, async (client) => {
    return (await client.query<Row>('SELECT token, number FROM accounts')).rows
  })
  assert.deepEqual([row!.token, row!.number], [before.token, before.number])
  await write(own)
})

test('with --restore a value that is no token gets one, and a known one is kept by every way of writing', async () => {
  const restoring = await serve('--restore')
  const { token, number } = await storedRow()
  await through(lab.database, restoring, async (client) => {
    await client.query('UPDATE accounts SET token = $1, number = $2', [token, number])
    await client.query(`UPDATE accounts SET token = '${token}', number = ${number}`)
  })
  assert.deepEqual(await read(), shown)
  await through(lab.database, restoring, (client) =>
    client.query("UPDATE accounts SET token = 'eve@example.com'"),
  )
  assert.notEqual((await storedRow()).token, 'eve@example.com')
  await write(own)
})

/** The escape form of bytea. */
function escaped(bytes: Buffer): string {
  return [...bytes]
    .map((byte) =>
      byte === 0x5c
        ? '\\\\'
        : byte < 0x20 || byte > 0x7e
          ? `\\${byte.toString(8).padStart(3, '0')}`
          : String.fromCharCode(byte),
    )
    .join('')
}

type Write = (client: pg.Client, column: string, stored: Buffer) => Promise<unknown>
const hex = (stored: Buffer) => `\\x${stored.toString('hex')}`
const quoted = (text: string) => `'${text.replaceAll("'", "''")}'`
/** The type that an application gives an array for the column. */
const arrayType = (column: string) =>
  (({ age: 'int[]', born: 'date[]', photo: 'bytea[]', tail: 'bytea[]' }) as Row)[column] ?? 'text[]'
const asElement = (text: string) => `{"${text.replace(/["\\]/g, '\\$&')}"}`

const ways: Readonly<Record<string, Write>> = {
  'a literal in hex': (client, column, stored) =>
    client.query(`UPDATE accounts SET ${column} = '${hex(stored)}'`),
  'a literal in escape form': (client, column, stored) =>
    client.query(`UPDATE accounts SET ${column} = ${quoted(escaped(stored))}`),
  "a literal in E'...'": (client, column, stored) =>
    client.query(`UPDATE accounts SET ${column} = E'\\\\x${stored.toString('hex')}'`),
  'a parameter in hex': (client, column, stored) =>
    client.query(`UPDATE accounts SET ${column} = $1`, [hex(stored)]),
  'a parameter in escape form': (client, column, stored) =>
    client.query(`UPDATE accounts SET ${column} = $1`, [escaped(stored)]),
  'a binary parameter': (client, column, stored) =>
    client.query(`UPDATE accounts SET ${column} = $1`, [stored]),
  'EXECUTE in hex': async (client, column, stored) => {
    await client.query(`PREPARE p AS UPDATE accounts SET ${column} = $1`)
    await client.query(`EXECUTE p ('${hex(stored)}')`)
    await client.query('DEALLOCATE p')
  },
  'EXECUTE in escape form': async (client, column, stored) => {
    await client.query(`PREPARE p AS UPDATE accounts SET ${column} = $1`)
    await client.query(`EXECUTE p (${quoted(escaped(stored))})`)
    await client.query('DEALLOCATE p')
  },
  'an array': async (client, column, stored) => {
    await client.query('DELETE FROM accounts')
    const text = `INSERT INTO accounts (id, ${column}) SELECT 1, unnest($1::${arrayType(column)})`
    await client.query(text, [asElement(hex(stored))])
  },
  'a literal that is an array': async (client, column, stored) => {
    await client.query('DELETE FROM accounts')
    const array = asElement(hex(stored))
    await client.query(
      `INSERT INTO accounts (id, ${column}) SELECT 1, unnest(${quoted(array)}::${arrayType(column)})`,
    )
  },
}

for (const [way, writeStored] of Object.entries(ways)) {
  test(`a stored value is kept, and a stranger's is a value like any other: ${way}`, async () => {
    await write(foreign)
    const strangers = await storedRow()
    await write(own)
    const stored = await storedRow()
    for (const column of columns) {
      await through(lab.database, own, (client) =>
        writeStored(client, column, stored[column] as Buffer),
      )
      assert.deepEqual((await storedRow())[column], stored[column], column)
    }
    for (const column of ['mail', 'found', 'photo', 'old']) {
      const foreignValue = strangers[column] as Buffer
      const done = through(lab.database, own, (client) => writeStored(client, column, foreignValue))
      // Bytes that are no text are none for a column of text either.
      const isRefused = column !== 'photo' && way === 'a binary parameter'
      if (isRefused) await assert.rejects(done, { code: '22021' })
      else {
        await done
        assert.notDeepEqual((await storedRow())[column], foreignValue, column)
      }
    }
    await write(own)
  })
}

test('the file of tokens is made at start, also while no column is tokenized', async () => {
  const file = join(folder, 'unused')
  await lab.front({ flags: [`--token_db=${file}`] })
  assert.ok(existsSync(file))
})

test('COPY in csv and binary format keeps stored values', async () => {
  const before = await storedRow()
  for (const format of ['csv', 'binary']) {
    const file = join(folder, format)
    const options = `WITH (FORMAT ${format})`
    await run('psql', ['-X', '-q'], lab.database, `\\copy accounts TO '${file}' ${options}\n`)
    const restoring = await serve('--restore')
    await directly(lab.database, (client) => client.query('TRUNCATE accounts'))
    await run('psql', ['-X', '-q'], restoring, `\\copy accounts FROM '${file}' ${options}\n`)
    assert.deepEqual(await storedRow(), before, format)
  }
})

test('an envelope without its search hash gets it, so that it is found', async () => {
  const { found } = (await storedRow()) as { found: Buffer }
  await through(lab.database, own, (client) =>
    client.query('UPDATE accounts SET found = $1', [hex(found.subarray(33))]),
  )
  assert.deepEqual((await storedRow()).found, found)
})

test('where a column seals envelopes too, the application reads what it has written', async () => {
  const sealing = await lab.front({
    encryptorConfig: encryptorConfig.replace('column: mail,', 'column: mail, on_envelope: seal,'),
  })
  const { mail } = (await storedRow()) as { mail: Buffer }
  const rows = await through(lab.database, sealing, async (client) => {
    await client.query('UPDATE accounts SET mail = $1', [hex(mail)])
    return (await client.query<Row>('SELECT mail FROM accounts')).rows
  })
  assert.deepEqual(rows, [{ mail: hex(mail) }])
  assert.notDeepEqual((await storedRow()).mail, mail)
  await write(own)
})

test('a dump that is taken through acra-server has plain values, and is encrypted anew where it is restored', async () => {
  const before = await storedRow()
  const dump = await run('pg_dump', ['--data-only', '-t', 'accounts'], own)
  assert.match(dump, /^COPY public\.accounts /m)
  for (const value of ['ann@example.org', 'ann@example.com', 'an old value', '4242'])
    assert.ok(dump.includes(value), value)
  await directly(lab.database, (client) => client.query('TRUNCATE accounts'))
  await run('psql', ['-X', '-q', '-v', 'ON_ERROR_STOP=1', '-o', '/dev/null'], own, dump)
  const after = await storedRow()
  for (const column of columns) assert.notDeepEqual(after[column], before[column], column)
  assert.deepEqual(await read(), shown)
})
