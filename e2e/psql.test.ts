import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { createTables, directly, encryptorConfig, stored } from './people.ts'
import { type Front, type Lab, startLab } from './setup.ts'

const run = promisify(execFile)

let lab: Lab
let front: Front
let folder: string
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'acra-psql-'))
  lab = await startLab()
  await createTables(lab.database)
  front = await lab.front({ encryptorConfig })
})
after(async () => {
  await lab.stop()
  await rm(folder, { recursive: true })
})

/** The environment of a libpq program that connects there. */
function environment({ host, port }: { readonly host: string; readonly port: number }) {
  const { user, password, database } = lab.database
  return {
    PATH: process.env.PATH,
    PGHOST: host,
    PGPORT: String(port),
    PGUSER: user,
    PGPASSWORD: password,
    PGDATABASE: database,
    PGSSLMODE: 'prefer',
    PGCLIENTENCODING: 'UTF8',
    LC_ALL: 'C.UTF-8',
  }
}

/** Feeds a script to psql and returns what it printed, errors with it. */
async function psql(
  script: string,
  where: { host: string; port: number } = front,
  flags = ['-At'],
): Promise<string> {
  const child = spawn('psql', ['-X', ...flags, '-f', '-'], { env: environment(where) })
  let output = ''
  child.stdout.on('data', (chunk) => (output += chunk))
  child.stderr.on('data', (chunk) => (output += chunk))
  child.stdin.end(script)
  await once(child, 'close')
  return output
}

test('psql writes and reads plain text while the database holds ciphertext', async () => {
  const output = await psql(`
    INSERT INTO people VALUES (1, 'Ann', 'ann@example.org', 'a photograph');
    UPDATE people SET name = 'Anna', email = 'anna@example.org' WHERE id = 1;
    SELECT id, name, email FROM people WHERE id = 1;
  `)
  assert.equal(output, 'INSERT 0 1\nUPDATE 1\n1|Anna|anna@example.org\n')
  assert.match(await stored(lab.database, 1, 'email'), /^\\x252525/)
})

test('columns have the type that the application is to see', async () => {
  assert.equal(
    await psql('SELECT id, email, photo FROM people \\gdesc\n'),
    'id|integer\nemail|text\nphoto|bytea\n',
  )
})

test('what psql says about the database is what it says without acra-server', async () => {
  const commands = [
    '\\d',
    '\\d people',
    '\\d+ notes',
    '\\dt',
    '\\dt+',
    '\\di',
    '\\df',
    '\\dn',
    '\\du',
    '\\l',
    '\\dT',
    '\\dx',
  ]
  for (const command of commands) {
    assert.equal(await psql(`${command}\n`), await psql(`${command}\n`, lab.database), command)
  }
})

test('an error of syntax is told as without acra-server, with its place, and is not logged', async () => {
  const hint = /^.*HINT: {2}Check the syntax: acra-server knows that of PostgreSQL 18\.\n/gm
  for (const text of [
    "SELECT 'é', seeecret FORM people;",
    'SELEC 1;',
    "SELECT 1 +\n;\nINSERT INTO people VALUES (1, 'x',);",
    'CREATE TABLE t (a int) PARTITION BY magic (a);',
  ]) {
    const told = await psql(`${text}\n`)
    assert.match(told, hint)
    assert.equal(told.replace(hint, ''), await psql(`${text}\n`, lab.database), text)
  }
  assert.doesNotMatch(front.log(), /seeecret/)
})

test('an unprotected table is copied in and out by psql', async () => {
  const file = join(folder, 'notes.csv')
  await writeFile(file, '100,one\n101,"two, and more"\n')
  const output = await psql(`\\copy notes FROM '${file}' CSV\n\\copy notes TO '${file}.out' CSV\n`)
  assert.equal(output, 'COPY 2\nCOPY 2\n')
  assert.equal(await readFile(`${file}.out`, 'utf8'), '100,one\n101,"two, and more"\n')
})

test('rows that psql fetches by a cursor are decrypted', async () => {
  await psql(
    "INSERT INTO people (id, email) VALUES (10, 'a@example.org'), (11, 'b@example.org'), (12, 'c@example.org')",
  )
  const emails = 'a@example.org\nb@example.org\nc@example.org\n'
  const select = 'SELECT email FROM people WHERE id BETWEEN 10 AND 12 ORDER BY id'
  assert.equal(await psql(`\\set FETCH_COUNT 2\n${select};\n`), emails)
  assert.equal(
    await psql(
      `BEGIN; DECLARE c CURSOR FOR ${select}; FETCH 2 FROM c; FETCH ALL FROM c; CLOSE c; COMMIT;`,
      front,
      ['-Atq'],
    ),
    emails,
  )
})

test('notifications reach psql', async () => {
  const output = await psql("LISTEN news;\nNOTIFY news, 'extra';\n")
  assert.match(output, /Asynchronous notification "news" with payload "extra" received/)
})

test('an error shows where in the statement it is', async () => {
  const output = await psql('SELECT id,\n  nothing FROM people;\n', front, [])
  assert.match(
    output,
    /ERROR: {2}column "nothing" does not exist\nLINE 2: {3}nothing FROM people;\n +\^/,
  )
})

test('a refusal names the column and says what to do', async () => {
  const output = await psql(
    "INSERT INTO people (id, email) VALUES (20, md5('SECRET@example.org'));\n",
  )
  assert.match(output, /ERROR: .*email/)
  assert.match(output, /HINT: {2}\S/)
  assert.doesNotMatch(output, /secret/i)
})

test('Ctrl-C in psql cancels the statement', async () => {
  const child = spawn('psql', ['-X', '-c', 'SELECT pg_sleep(600)'], { env: environment(front) })
  let errors = ''
  child.stderr.on('data', (chunk) => (errors += chunk))
  const closed = once(child, 'close')
  await directly(lab.database, async (client) => {
    const running =
      "SELECT FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(600)' AND state = 'active'"
    while ((await client.query(running)).rowCount === 0);
  })
  child.kill('SIGINT')
  await closed
  assert.match(errors, /canceling statement due to user request/)
})

test('a wrong password is refused by the database, through acra-server', async () => {
  const failing = run('psql', ['-X', '-c', 'SELECT 1'], {
    env: { ...environment(front), PGPASSWORD: 'wrong' },
  })
  await assert.rejects(failing, /password authentication failed/)
})

test('pgbench runs in every mode', async () => {
  const bench = async (...args: string[]) => {
    const { stdout } = await run('pgbench', args, { env: environment(front) })
    return stdout
  }
  await bench('-i', '-q', '-s', '1')
  for (const mode of ['simple', 'extended', 'prepared']) {
    for (const script of [['-S'], []]) {
      const output = await bench('-n', '-c', '4', '-t', '25', '-M', mode, ...script)
      assert.match(output, /number of transactions actually processed: 100\/100/)
      assert.match(output, /number of failed transactions: 0 /)
    }
  }
  const { rows } = await directly(lab.database, (client) =>
    client.query('SELECT count(*)::int AS count FROM pgbench_history'),
  )
  assert.deepEqual(rows, [{ count: 300 }])
})
