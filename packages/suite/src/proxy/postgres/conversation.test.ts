import assert from 'node:assert/strict'
import test from 'node:test'
import { MemoryKeystore } from '../../transform/testing/index.ts'
import { ProtocolError } from '../../wire/index.ts'
import {
  bind,
  bindComplete,
  close,
  commandComplete,
  dataRow,
  describe,
  errorResponse,
  execute,
  frame,
  int16,
  parameterDescription,
  parameterStatus,
  parse,
  parseComplete,
  query,
  readyForQuery,
  rowDescription,
  sync,
} from '../../wire/postgres/testing/index.ts'
import { conversationParts, Exchange, framesOf, typesOf } from './testing/index.ts'

const parts = await conversationParts()
const keystore = new MemoryKeystore().generate('alice').generate('bobby')
const SECRET = 'ann@example.org'
const bytea = 17
const text = 25

function exchange(clientId = 'alice'): Exchange {
  return new Exchange(parts, clientId, keystore)
}

/** The hex form of the first bytea literal of a Query. */
function literalOf(stream: Buffer): string {
  const match = / E'\\(\\x[0-9a-f]+)'/.exec(stream.toString('latin1'))
  assert.ok(match, 'a hex literal')
  return match[1]!
}

function emailField(typeOid: number = bytea) {
  return { name: 'email', typeOid, tableOid: 16_400, columnNumber: 2 }
}

function errorOf(stream: Buffer): Record<string, string> {
  const error = framesOf(stream).find(({ type }) => type === 'E')
  assert.ok(error, 'an error')
  const fields: Record<string, string> = {}
  for (const field of error.bytes.subarray(5, -1).toString().split('\0')) {
    if (field !== '') fields[field[0]!] = field.slice(1)
  }
  return fields
}

const syntaxError = errorResponse({ S: 'ERROR', V: 'ERROR', C: '42601', M: 'syntax error' })

/** Stores a value by a simple INSERT; the hex form in which it is stored. */
async function stored(value: string, clientId = 'alice'): Promise<string> {
  const talk = exchange(clientId)
  const sent = await talk.client(query(`INSERT INTO users (id, email) VALUES (1, '${value}')`))
  return literalOf(sent)
}

test('a literal of a protected column reaches the database sealed, the text around it as it was', async () => {
  const talk = exchange()
  const sent = await talk.client(
    query(`/* keep */ insert INTO users (id, email)  VALUES (  1, '${SECRET}' ) ;--end`),
  )
  const [message] = framesOf(sent)
  assert.equal(message!.type, 'Q')
  const sentText = message!.bytes.subarray(5, -1).toString()
  assert.match(
    sentText,
    /^\/\* keep \*\/ insert INTO users \(id, email\) {2}VALUES \( {2}1, {2}E'\\\\x252525[0-9a-f]+' \) ;--end$/,
  )
  const back = await talk.database(commandComplete('INSERT 0 1'), readyForQuery('I'))
  assert.equal(typesOf(back), 'CZ')
})

test('rows come back plain, and a text column is announced as text', async () => {
  const cell = await stored(SECRET)
  const talk = exchange()
  const sent = await talk.client(query('SELECT id, email FROM users'))
  assert.deepEqual(sent, query('SELECT id, email FROM users'))
  const back = await talk.database(
    rowDescription({ name: 'id', typeOid: 23 }, emailField()),
    dataRow('1', cell),
    dataRow('2', null),
    commandComplete('SELECT 2'),
    readyForQuery('I'),
  )
  assert.deepEqual(
    back,
    Buffer.concat([
      rowDescription({ name: 'id', typeOid: 23 }, emailField(text)),
      dataRow('1', SECRET),
      dataRow('2', null),
      commandComplete('SELECT 2'),
      readyForQuery('I'),
    ]),
  )
})

test('what another client stored comes back as the database has it', async () => {
  const cell = await stored(SECRET, 'bobby')
  const talk = exchange('alice')
  await talk.client(query('SELECT email FROM users'))
  const back = await talk.database(rowDescription(emailField()), dataRow(cell))
  assert.deepEqual(back, Buffer.concat([rowDescription(emailField(text)), dataRow(cell)]))
})

test('the extended protocol protects parameters and reveals binary cells', async () => {
  const talk = exchange()
  const sent = await talk.client(
    parse('put', 'INSERT INTO users (id, email, photo) VALUES ($1, $2, $3)', [23, text, 0]),
    describe('S', 'put'),
    bind('', 'put', [Buffer.of(0, 0, 0, 7), SECRET, Buffer.of(1, 2, 3)], [1, 0, 1]),
    execute(''),
    sync(),
  )
  const frames = framesOf(sent)
  assert.equal(frames.map(({ type }) => type).join(''), 'PDBES')
  // The type of a parameter for a protected column is left to the server, which takes the column's.
  assert.deepEqual(
    frames[0]!.bytes,
    parse('put', 'INSERT INTO users (id, email, photo) VALUES ($1, $2, $3)', [23, 0, 0]),
  )
  assert.ok(!sent.includes(SECRET))
  assert.match(frames[2]!.bytes.toString('latin1'), /\\x252525[0-9a-f]+/)
  assert.ok(frames[2]!.bytes.includes('%%%'), 'the binary one is binary')
  const back = await talk.database(
    parseComplete(),
    parameterDescription(23, bytea, bytea),
    frame('n'),
    bindComplete(),
    commandComplete('INSERT 0 1'),
    readyForQuery('I'),
  )
  assert.deepEqual(framesOf(back)[1]!.bytes, parameterDescription(23, text, bytea))
  assert.equal(typesOf(back), '1tn2CZ')

  const cell = Buffer.from((await stored(SECRET)).slice(2), 'hex')
  await talk.client(
    parse('', 'SELECT email FROM users WHERE id = $1'),
    bind('', '', ['7'], [], [1]),
    describe('P', ''),
    execute(''),
    sync(),
  )
  const rows = await talk.database(
    parseComplete(),
    bindComplete(),
    rowDescription({ ...emailField(), format: 1 }),
    dataRow(cell),
    commandComplete('SELECT 1'),
    readyForQuery('I'),
  )
  assert.deepEqual(framesOf(rows)[2]!.bytes, rowDescription({ ...emailField(text), format: 1 }))
  assert.deepEqual(framesOf(rows)[3]!.bytes, dataRow(SECRET))
})

test('a refused query is answered by our error in the place of that of the database', async () => {
  const talk = exchange()
  const sent = await talk.client(query(`SELECT id FROM users WHERE email = '${SECRET}'`))
  assert.equal(typesOf(sent), 'Q')
  assert.ok(!sent.includes(SECRET) && !sent.includes('users'))
  const back = await talk.database(syntaxError, readyForQuery('E'))
  assert.equal(typesOf(back), 'EZ')
  const error = errorOf(back)
  assert.equal(error.C, '0A000')
  assert.match(error.M!, /users\.email/)
  assert.ok(error.H!.length > 0)
  assert.ok(!back.includes(SECRET))
  assert.equal(framesOf(back)[1]!.bytes.toString('latin1', 5), 'E')
  assert.equal(talk.refused.length, 1)
})

test('a pipeline with a refused statement in its middle goes on behind its Sync', async () => {
  const talk = exchange()
  const sent = await talk.client(
    parse('', 'SELECT 1'),
    bind('', '', []),
    execute(''),
    parse('', `UPDATE users SET id = 2 WHERE email = '${SECRET}'`),
    bind('', '', []),
    execute(''),
    sync(),
    parse('', 'SELECT 2'),
    bind('', '', []),
    execute(''),
    sync(),
  )
  assert.ok(!sent.includes(SECRET))
  const back = await talk.database(
    parseComplete(),
    bindComplete(),
    dataRow('1'),
    commandComplete('SELECT 1'),
    syntaxError,
    readyForQuery('I'),
    parseComplete(),
    bindComplete(),
    dataRow('2'),
    commandComplete('SELECT 1'),
    readyForQuery('I'),
  )
  assert.equal(typesOf(back), '12DCEZ12DCZ')
  assert.equal(errorOf(back).C, '0A000')
  assert.ok(talk.isIdle)
})

test('after an error nothing is forwarded up to the Sync, as the database would discard it', async () => {
  const talk = exchange()
  await talk.client(parse('', 'SELECT nonsense'), frame('H'))
  assert.equal(typesOf(await talk.database(syntaxError)), 'E')
  const late = await talk.client(
    parse('', `INSERT INTO users (email) VALUES ('${SECRET}')`),
    bind('', '', [SECRET]),
    execute(''),
  )
  assert.equal(late.length, 0)
  assert.equal(typesOf(await talk.client(sync())), 'S')
  assert.equal(typesOf(await talk.database(readyForQuery('I'))), 'Z')
  assert.ok(talk.isIdle)
})

test('a Parse that fails does not change what its name means', async () => {
  const talk = exchange()
  await talk.client(parse('s', 'INSERT INTO users (email) VALUES ($1)'), sync())
  await talk.database(parseComplete(), readyForQuery('I'))
  // The name is taken: the database refuses, and `s` still is the INSERT.
  await talk.client(parse('s', 'SELECT $1::int'), sync())
  await talk.database(errorResponse({ S: 'ERROR', C: '42P05', M: 'exists' }), readyForQuery('I'))
  const sent = await talk.client(bind('', 's', [SECRET]), execute(''), sync())
  assert.ok(!sent.includes(SECRET))
  assert.match(sent.toString('latin1'), /\\x252525/)
})

test('a statement that SQL prepares is known by its name, to EXECUTE and to Bind', async () => {
  const cell = await stored(SECRET)
  const talk = exchange()
  await talk.client(query('PREPARE p AS SELECT email FROM users WHERE id = $1'))
  await talk.database(commandComplete('PREPARE'), readyForQuery('I'))
  const message = bind('', 'p', ['1'])
  assert.deepEqual(
    await talk.client(message, describe('P', ''), execute(''), sync()),
    Buffer.concat([message, describe('P', ''), execute(''), sync()]),
  )
  const back = await talk.database(
    bindComplete(),
    rowDescription(emailField()),
    dataRow(cell),
    commandComplete('SELECT 1'),
    readyForQuery('I'),
  )
  assert.deepEqual(framesOf(back)[1]!.bytes, rowDescription(emailField(text)))
  assert.deepEqual(framesOf(back)[2]!.bytes, dataRow(SECRET))
})

test('a PREPARE that may fail does not take a plan away', async () => {
  const talk = exchange()
  await talk.client(parse('s', 'INSERT INTO users (email) VALUES ($1)'), sync())
  await talk.database(parseComplete(), readyForQuery('I'))
  await talk.client(query('PREPARE s AS SELECT 1'))
  await talk.database(errorResponse({ S: 'ERROR', C: '42P05', M: 'exists' }), readyForQuery('I'))
  assert.ok(!(await talk.client(bind('', 's', [SECRET]))).includes(SECRET))
})

test('values for a statement that is not known do not reach the database', async () => {
  const talk = exchange()
  await talk.client(parse('s', 'INSERT INTO users (email) VALUES ($1)'), close('S', 's'), sync())
  await talk.database(parseComplete(), frame('3'), readyForQuery('I'))
  for (const name of ['s', 'never']) {
    const sent = await talk.client(bind('', name, [SECRET]), execute(''), sync())
    assert.equal(typesOf(sent), 'BS')
    assert.ok(!sent.includes(SECRET))
    const back = await talk.database(syntaxError, readyForQuery('I'))
    assert.equal(typesOf(back), 'EZ')
    assert.equal(errorOf(back).C, '26000')
  }
  assert.ok(talk.isIdle)
})

test('values for a refused statement do not reach the database, whether the error has come or not', async () => {
  const talk = exchange()
  const refused = parse('', 'UPDATE users SET id = 2 WHERE email = $1')
  const all = await talk.client(
    refused,
    describe('S', ''),
    bind('', '', [SECRET]),
    execute(''),
    sync(),
  )
  assert.equal(typesOf(all), 'PS')
  assert.ok(!all.includes(SECRET))
  assert.equal(typesOf(await talk.database(syntaxError, readyForQuery('I'))), 'EZ')

  assert.equal(typesOf(await talk.client(refused, frame('H'))), 'PH')
  assert.equal(typesOf(await talk.client(bind('', '', [SECRET]), execute(''))), '')
  assert.equal(typesOf(await talk.database(syntaxError)), 'E')
  assert.equal(typesOf(await talk.client(query(`SELECT '${SECRET}'`), sync())), 'S')
  assert.equal(typesOf(await talk.database(readyForQuery('I'))), 'Z')
  assert.ok(talk.isIdle)
})

test('data for a refused COPY does not reach the database, and that for a later one does', async () => {
  const talk = exchange()
  const data = frame('d', Buffer.from(`1\t${SECRET}\n`))
  const sent = await talk.client(
    query("COPY users (id, email) FROM STDIN (ENCODING 'latin1')"),
    data,
    frame('c'),
  )
  assert.ok(!sent.includes(SECRET))
  assert.equal(typesOf(await talk.database(syntaxError, readyForQuery('I'))), 'EZ')
  assert.equal((await talk.client(data)).length, 0)
  const later = await talk.client(query('COPY other (id, note) FROM STDIN'), data, frame('c'))
  assert.equal(typesOf(later), 'Qdc')
})

test('several statements in one query have each their own types', async () => {
  const cell = await stored(SECRET)
  const talk = exchange()
  await talk.client(query('SELECT id FROM users; SELECT email FROM users; SELECT 1'))
  const back = await talk.database(
    rowDescription({ name: 'id', typeOid: 23 }),
    dataRow('1'),
    commandComplete('SELECT 1'),
    rowDescription(emailField()),
    dataRow(cell),
    commandComplete('SELECT 1'),
    rowDescription({ name: '?column?', typeOid: bytea }),
    commandComplete('SELECT 0'),
    readyForQuery('I'),
  )
  const frames = framesOf(back)
  assert.deepEqual(frames[3]!.bytes, rowDescription(emailField(text)))
  assert.deepEqual(frames[4]!.bytes, dataRow(SECRET))
  assert.deepEqual(frames[6]!.bytes, rowDescription({ name: '?column?', typeOid: bytea }))
  assert.ok(talk.isIdle)
})

test('rows of a cursor have the types of its query', async () => {
  const cell = await stored(SECRET)
  const talk = exchange()
  await talk.client(query('DECLARE c CURSOR FOR SELECT email FROM users'))
  await talk.database(commandComplete('DECLARE CURSOR'), readyForQuery('T'))
  await talk.client(query('FETCH 1 FROM c'))
  const back = await talk.database(
    rowDescription(emailField()),
    dataRow(cell),
    commandComplete('FETCH 1'),
    readyForQuery('T'),
  )
  assert.deepEqual(framesOf(back)[0]!.bytes, rowDescription(emailField(text)))
  assert.deepEqual(framesOf(back)[1]!.bytes, dataRow(SECRET))
})

test('Sync inside a COPY from the client is not waited for', async () => {
  const talk = exchange()
  await talk.client(parse('', 'COPY notes FROM STDIN'), bind('', '', []), execute(''), sync())
  await talk.database(parseComplete(), bindComplete(), frame('G', Buffer.of(0), int16(0)))
  await talk.client(frame('d', Buffer.from('1\n')), frame('c'), sync())
  await talk.database(commandComplete('COPY 1'), readyForQuery('I'))
  assert.ok(talk.isIdle)
})

test('the end of a COPY that was sent ahead does not confuse the books', async () => {
  const talk = exchange()
  await talk.client(
    parse('', 'COPY notes FROM STDIN'),
    bind('', '', []),
    execute(''),
    frame('d', Buffer.from('1\n')),
    frame('c'),
    sync(),
  )
  await talk.database(
    parseComplete(),
    bindComplete(),
    frame('G', Buffer.of(0), int16(0)),
    commandComplete('COPY 1'),
    readyForQuery('I'),
  )
  assert.ok(talk.isIdle)
})

test('a backslash is an escape again where standard_conforming_strings is off', async () => {
  const talk = exchange()
  await talk.database(parameterStatus('standard_conforming_strings', 'off'))
  const sent = await talk.client(query(`INSERT INTO users (email) VALUES ('${SECRET}')`))
  assert.match(sent.toString('latin1'), /VALUES \( E'\\\\x252525[0-9a-f]+'\)/)
  await talk.database(commandComplete('INSERT 0 1'), readyForQuery('I'))
  const refused = await talk.client(query(String.raw`INSERT INTO users (email) VALUES ('a\'b')`))
  assert.ok(!refused.includes('users'))
})

test('a parameter declared as a number cannot stand for a column of text', async () => {
  const talk = exchange()
  const sent = await talk.client(parse('', 'INSERT INTO users (email) VALUES ($1)', [23]))
  assert.ok(!sent.includes('users'))
  const error = errorOf(await talk.database(syntaxError))
  assert.equal(error.C, '42804')
})

test('a value without a key is refused and names the column', async () => {
  const talk = exchange('carol')
  const sent = await talk.client(query(`INSERT INTO users (email) VALUES ('${SECRET}')`))
  assert.ok(!sent.includes(SECRET))
  const error = errorOf(await talk.database(syntaxError))
  assert.equal(error.C, '58000')
  assert.match(error.M!, /users\.email/)
})

test('keys that come late change nothing but the time', async () => {
  const slow = new MemoryKeystore().generate('alice')
  slow.late = true
  const talk = new Exchange(parts, 'alice', slow)
  const sent = await talk.client(
    query(`INSERT INTO users (email) VALUES ('${SECRET}'), ('b@example.org')`),
    query('SELECT email FROM users'),
  )
  assert.equal(typesOf(sent), 'QQ')
  const fresh = new Exchange(parts, 'alice', slow)
  await fresh.client(query('SELECT email FROM users'))
  const back = await fresh.database(
    rowDescription(emailField()),
    dataRow(literalOf(sent)),
    dataRow('plain'),
    dataRow(literalOf(sent)),
    commandComplete('SELECT 3'),
    readyForQuery('I'),
  )
  assert.deepEqual(
    framesOf(back)
      .slice(1, 4)
      .map(({ bytes }) => bytes),
    [dataRow(SECRET), dataRow('plain'), dataRow(SECRET)],
  )
})

test('wherever the streams are cut, the same goes out', async () => {
  const cell = await stored(SECRET)
  const fromClient = Buffer.concat([
    query('SELECT id FROM users'),
    parse('', 'SELECT email FROM users'),
    bind('', '', []),
    describe('P', ''),
    execute(''),
    sync(),
  ])
  const fromDatabase = Buffer.concat([
    rowDescription({ name: 'id', typeOid: 23 }),
    dataRow('1'),
    commandComplete('SELECT 1'),
    readyForQuery('I'),
    parseComplete(),
    bindComplete(),
    rowDescription(emailField()),
    dataRow(cell),
    commandComplete('SELECT 1'),
    readyForQuery('I'),
  ])
  const whole = exchange()
  const sentWhole = await whole.client(fromClient)
  const backWhole = await whole.database(fromDatabase)
  for (let cut = 0; cut <= fromClient.length; cut++) {
    const talk = exchange()
    const first = await talk.client(fromClient.subarray(0, cut))
    const sent = Buffer.concat([first, await talk.client(fromClient.subarray(cut))])
    assert.deepEqual(sent, sentWhole, `client cut at ${cut}`)
  }
  for (let cut = 0; cut <= fromDatabase.length; cut++) {
    const talk = exchange()
    await talk.client(fromClient)
    const first = await talk.database(fromDatabase.subarray(0, cut))
    const back = Buffer.concat([first, await talk.database(fromDatabase.subarray(cut))])
    assert.deepEqual(back, backWhole, `database cut at ${cut}`)
  }
})

test('a row that is too long to look into fails where it is protected, and the rest of the answer goes nowhere', async () => {
  const small = { ...parts, limits: { heldSizeMax: 4096 } }
  const talk = new Exchange(small, 'alice', keystore)
  await talk.client(query('SELECT email FROM users'))
  const long = dataRow('x'.repeat(100_000))
  await talk.database(rowDescription(emailField()), long.subarray(0, 1000))
  const back = await talk.database(
    long.subarray(1000),
    dataRow('next'),
    commandComplete('SELECT 2'),
    readyForQuery('I'),
  )
  assert.equal(typesOf(back).at(-1), 'Z')
  assert.ok(!back.includes('next'))
  const other = new Exchange(small, 'alice', keystore)
  await other.client(query('SELECT 1'))
  const first = await other.database(long.subarray(0, 1000))
  const rest = await other.database(long.subarray(1000), commandComplete('SELECT 1'))
  assert.deepEqual(Buffer.concat([first, rest]), Buffer.concat([long, commandComplete('SELECT 1')]))
})

test('a statement that is too long to hold is refused without being read', async () => {
  const small = { ...parts, limits: { heldSizeMax: 4096 } }
  const talk = new Exchange(small, 'alice', keystore)
  const long = query(`INSERT INTO users (email) VALUES ('${SECRET.repeat(1000)}')`)
  const first = await talk.client(long.subarray(0, 100))
  const sent = Buffer.concat([first, await talk.client(long.subarray(100))])
  assert.ok(!sent.includes(SECRET))
  assert.equal(typesOf(sent), 'Q')
  assert.equal(errorOf(await talk.database(syntaxError)).C, '54000')
})

test('a value whose keys come after the database has failed is not sent behind the failure', async () => {
  const slow = new MemoryKeystore().generate('alice')
  slow.late = true
  const talk = new Exchange(parts, 'alice', slow)
  const pending = talk.client(
    parse('', 'INSERT INTO users (id, email) VALUES (1, $1)'),
    bind('', '', [SECRET]),
    execute(''),
  )
  assert.equal(typesOf(await talk.database(syntaxError)), 'E')
  assert.equal(typesOf(await pending), 'P')
  assert.equal(typesOf(await talk.client(sync())), 'S')
  assert.equal(typesOf(await talk.database(readyForQuery('I'))), 'Z')
  assert.ok(talk.isIdle)
})

test('a Bind waits where a skipped message may have changed what its statement is', async () => {
  const insert = 'INSERT INTO users (id, email) VALUES (1, $1)'
  const talk = exchange()
  await talk.client(parse('s', insert), sync())
  await talk.database(parseComplete(), readyForQuery('I'))

  const pending = talk.client(
    parse('s', 'SELECT $1::text'),
    sync(),
    bind('', 's', [SECRET]),
    sync(),
  )
  assert.equal(typesOf(await talk.database(syntaxError)), 'E')
  const sent = await pending
  assert.equal(typesOf(sent), 'PSBS')
  assert.ok(!sent.includes(SECRET))
  assert.equal(
    typesOf(await talk.database(readyForQuery('I'), bindComplete(), readyForQuery('I'))),
    'Z2Z',
  )
})

test('a client that asks without end waits until the database has answered', async () => {
  const talk = exchange()
  const asked = 25_000
  const pending = talk.client(...Array.from({ length: asked }, () => sync()))
  let answered = 0
  let isDone = false
  void pending.then(() => {
    isDone = true
  })
  while (!isDone) {
    assert.ok(answered < asked)
    await talk.database(...Array.from({ length: 5000 }, () => readyForQuery('I')))
    answered += 5000
  }
  assert.equal((await pending).length, asked * sync().length)
  assert.ok(answered >= 15_000, `${answered} were answered before the last was sent`)
})

test('names that the database takes for the same are the same', async () => {
  const talk = exchange()
  const name = 'n'.repeat(63)
  await talk.client(parse(`${name}1`, 'INSERT INTO users (id, email) VALUES (1, $1)'), sync())
  await talk.database(parseComplete(), readyForQuery('I'))
  const sent = await talk.client(bind('', `${name}2`, [SECRET]), sync())
  assert.equal(typesOf(sent), 'BS')
  assert.match(sent.toString('latin1'), /\\x252525/)
})

test('a query, and a Parse that fails, end the statement without a name; DEALLOCATE ALL does not', async () => {
  const insert = parse('', 'INSERT INTO users (id, email) VALUES (1, $1)')
  const bound = bind('', '', [SECRET])
  const talk = exchange()
  await talk.client(insert, parse('d', 'DEALLOCATE ALL'), bind('', 'd', []), execute(''), sync())
  await talk.database(
    ...[parseComplete(), parseComplete(), bindComplete()],
    ...[commandComplete('DEALLOCATE ALL'), readyForQuery('I')],
  )
  assert.match((await talk.client(bound, sync())).toString('latin1'), /\\x252525/)
  await talk.database(bindComplete(), readyForQuery('I'))

  await talk.client(query('SELECT 1'))
  await talk.database(commandComplete('SELECT 0'), readyForQuery('I'))
  assert.equal(talk.refused.length, 0)
  await talk.client(bound, sync())
  assert.equal(talk.refused.pop()?.sqlState, '26000')
  await talk.database(syntaxError, readyForQuery('I'))

  await talk.client(parse('', 'SELECT $1::text'), sync())
  await talk.database(parseComplete(), readyForQuery('I'))
  await talk.client(parse('', 'SELECT $1 FROM nowhere'), sync())
  await talk.database(syntaxError, readyForQuery('I'))
  assert.ok(!(await talk.client(bound, sync())).includes(SECRET))
  assert.equal(talk.refused.pop()?.sqlState, '26000')
})

test('a name stays in doubt while a refused Parse of it is not answered', async () => {
  const talk = exchange()
  await talk.client(parse('s', 'SELECT $1::text'), sync())
  await talk.database(parseComplete(), readyForQuery('I'))
  const pending = talk.client(
    query('DEALLOCATE ALL'),
    parse('s', 'UPDATE users SET id = 2 WHERE email = $1'),
    sync(),
    bind('', 's', [SECRET]),
    sync(),
  )
  await talk.database(commandComplete('DEALLOCATE ALL'), readyForQuery('I'), syntaxError)
  assert.ok(!(await pending).includes(SECRET))
})

test('the error that ends the connection is said as it is, also where a refusal is due', async () => {
  const talk = exchange()
  await talk.client(query('UPDATE users SET id = 2 WHERE email = $1'))
  const fatal = errorResponse({ S: 'FATAL', V: 'FATAL', C: '57P01', M: 'shutting down' })
  assert.deepEqual(await talk.database(fatal), fatal)
})

test('a database that answers what it was not asked ends the connection', async () => {
  const outOfTurn = [
    [parseComplete()],
    [dataRow('1')],
    [commandComplete('SELECT 1')],
    [rowDescription({ name: 'id' })],
    [parameterDescription(23)],
    [frame('G', Buffer.of(0), int16(0))],
  ]
  for (const messages of outOfTurn) {
    const talk = exchange()
    await talk.client(bind('', '', []))
    await assert.rejects(() => talk.database(...messages), ProtocolError)
  }
})

test('an empty value of a text column is an empty text, also where no envelope is near', async () => {
  const talk = exchange()
  await talk.client(query('SELECT email, photo, note FROM users'))
  const photo = { name: 'photo', typeOid: bytea }
  const note = { name: 'note', typeOid: bytea }
  await talk.database(rowDescription(emailField(), photo, note))
  assert.deepEqual(await talk.database(dataRow('\\x', '\\x', '\\x')), dataRow('', '\\x', '\\x'))
  assert.deepEqual(await talk.database(dataRow('\\y', null, '')), dataRow('\\y', null, ''))
})
