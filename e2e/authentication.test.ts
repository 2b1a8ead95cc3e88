/** Logging in through acra-server: the table of docs/guide/tls.md, cell by cell, with psql and node-postgres. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import pg from 'pg'
import { createAuthority } from '#testing/certificates'
import { root } from '../tools/repository.ts'
import { psql } from './libpq.ts'
import { createTables, directly, encryptorConfig } from './people.ts'
import { type Front, type Lab, startLab } from './setup.ts'

const run = promisify(execFile)
const folder = mkdtempSync(join(tmpdir(), 'acra-login-'))
const authority = createAuthority(folder, 'authority')
const front = authority.server('front')
const database = authority.server('database')
const certified = authority.client('by_cert')
const authFile = join(folder, 'users.txt')

const tls = (certificate: { certFile: string; keyFile: string }) => [
  `--tls_client_cert=${certificate.certFile}`,
  `--tls_client_key=${certificate.keyFile}`,
  '--tls_client_auth=0',
  '--tls_client_id_from_cert=false',
]
const toDatabase = [
  '--tls_database_mode=verify-full',
  `--tls_database_ca=${authority.certFile}`,
  `--tls_database_cert=${certified.certFile}`,
  `--tls_database_key=${certified.keyFile}`,
]

/** The columns of the table: how acra-server is started, and whether the application uses TLS. */
const columns: Readonly<
  Record<string, { readonly flags: readonly string[]; readonly sslmode: string }>
> = {
  none: { flags: [...tls(front), '--tls_database_mode=disable'], sslmode: 'disable' },
  'application only': {
    flags: [...tls(front), '--tls_database_mode=disable'],
    sslmode: 'verify-full',
  },
  'database only': { flags: [...tls(front), ...toDatabase], sslmode: 'disable' },
  both: { flags: [...tls(front), ...toDatabase], sslmode: 'verify-full' },
  'both, same certificate': { flags: [...tls(database), ...toDatabase], sslmode: 'verify-full' },
  'both, auth file': {
    flags: [...tls(front), ...toDatabase, `--auth_file=${authFile}`],
    sslmode: 'verify-full',
  },
}

/** The rows: who logs in, and how. */
type Client = (front: Front, sslmode: string) => Promise<string>
const rows: Readonly<Record<string, readonly Client[]>> = {
  trust: [byPsql('by_trust'), byNode('by_trust')],
  password: [byPsql('by_password'), byNode('by_password')],
  md5: [byPsql('by_md5'), byNode('by_md5')],
  'scram-sha-256 of psql, channel_binding=prefer (default)': [byPsql('by_scram')],
  'scram-sha-256 of psql, channel_binding=disable': [
    byPsql('by_scram', { channel_binding: 'disable' }),
  ],
  'scram-sha-256 of psql, channel_binding=require': [
    byPsql('by_scram', { channel_binding: 'require' }),
  ],
  'scram-sha-256 of node-postgres (default)': [byNode('by_scram')],
  'scram-sha-256 of node-postgres, enableChannelBinding': [byNode('by_scram', true)],
  cert: [byPsql('by_cert'), byNode('by_cert')],
}

const guide = 'docs/guide/tls.md'
const PASSWORD = 'pass "word"'

let lab: Lab
before(async () => {
  const access = ['trust', 'password', 'md5'].map(
    (method) => `host all by_${method} 127.0.0.1/32 ${method}`,
  )
  access.push(
    'host all by_scram,kept_secret,postgres 127.0.0.1/32 scram-sha-256',
    'hostssl all by_cert 127.0.0.1/32 cert',
  )
  lab = await startLab({ access, tls: { ...database, caFile: authority.certFile } })
  await createTables(lab.database)
  await directly(lab.database, async (client) => {
    for (const name of ['trust', 'password', 'scram', 'cert', 'md5']) {
      await client.query(`SET password_encryption = '${name === 'md5' ? 'md5' : 'scram-sha-256'}'`)
      await client.query(`CREATE ROLE by_${name} LOGIN PASSWORD '${PASSWORD}'`)
    }
    await client.query("SET password_encryption = 'scram-sha-256'")
    await client.query(`CREATE ROLE kept_secret LOGIN PASSWORD '${PASSWORD}'`)
    await client.query('GRANT ALL ON people TO PUBLIC')
  })
  await makeAuthFile()
})
/** An auth file with the secrets of the database, by the command of the guide; of one user it has the password. */
async function makeAuthFile(): Promise<void> {
  const [, command = ''] = /<!-- tested -->\n```sh\n([\s\S]*?)```/.exec(text(guide)) ?? []
  const { host, port, user, password } = lab.database
  const place = { PGHOST: host, PGPORT: String(port), PGUSER: user, PGPASSWORD: password }
  const env = { PATH: process.env.PATH, HOME: folder, PGDATABASE: 'postgres', ...place }
  await run('bash', ['-euc', command], { env, cwd: folder })
  const secrets = readFileSync(authFile, 'utf8').split('\n')
  assert.ok(secrets.some((line) => line.startsWith('"kept_secret" "SCRAM-SHA-256$')))
  const others = secrets.filter((line) => !line.startsWith('"by_scram"'))
  const known = `"by_scram" "${PASSWORD.replaceAll('"', '""')}"`
  writeFileSync(authFile, [known, ...others].join('\n'))
}

after(async () => {
  await lab.stop()
  rmSync(folder, { recursive: true })
})

const fronts = new Map<string, Promise<Front>>()

function frontOf(flags: readonly string[]): Promise<Front> {
  const key = flags.join(' ')
  const front = fronts.get(key) ?? lab.front({ encryptorConfig, flags })
  fronts.set(key, front)
  return front
}

/** libpq's options to come to a front. */
function to({ port }: Front, user: string, options: Readonly<Record<string, string>>) {
  const place = { host: 'localhost', hostaddr: '127.0.0.1', port, user, dbname: 'postgres' }
  return { ...place, password: PASSWORD, sslrootcert: authority.certFile, ...options }
}

/** What comes of a login by psql, in the words of the table. `channel_binding=require` alone shows whether one is bound. */
function byPsql(user: string, options: Readonly<Record<string, string>> = {}): Client {
  return async (front, sslmode) => {
    const { ok, output } = await psql(to(front, user, { sslmode, ...options }), 'SELECT 40 + 2')
    if (!ok) return failure(output)
    assert.equal(output, '42')
    if (options.channel_binding !== undefined) {
      return options.channel_binding === 'require' ? 'bound' : 'yes'
    }
    const bound = to(front, user, { sslmode, ...options, channel_binding: 'require' })
    return (await psql(bound, 'SELECT 1')).ok ? 'bound' : 'yes'
  }
}

function byNode(user: string, enableChannelBinding = false): Client {
  return async (front, sslmode) => {
    const ssl = sslmode === 'disable' ? false : { ca: authority.cert, servername: 'localhost' }
    const { port } = front
    const place = { host: '127.0.0.1', port, user, password: PASSWORD, database: 'postgres' }
    const client = new pg.Client({ ...place, ssl, enableChannelBinding })
    let mechanism = ''
    // What the driver has chosen is written nowhere else.
    client.connection.on('authenticationSASLContinue', () => {
      const { saslSession } = client as unknown as { saslSession?: { mechanism?: string } }
      mechanism = saslSession?.mechanism ?? ''
    })
    try {
      await client.connect()
      const { rows } = await client.query('SELECT 40 + 2 AS answer')
      assert.equal(rows[0].answer, 42)
      return mechanism === 'SCRAM-SHA-256-PLUS' ? 'bound' : 'yes'
    } catch (error) {
      return failure((error as Error).message)
    } finally {
      await client.end().catch(() => {})
    }
  }
}

function failure(output: string): string {
  if (/channel binding cannot pass through acra-server/.test(output)) return 'no: binding'
  if (/channel binding (is )?required|SCRAM-SHA-256-PLUS authentication/.test(output))
    return 'no: client'
  if (/no pg_hba\.conf entry/.test(output)) return 'no: database'
  return `no: ${output}`
}

function text(path: string): string {
  return readFileSync(join(root, path), 'utf8')
}

/** The table of the guide: rows of cells, the first of each being its name. */
function tableOf(path: string): string[][] {
  const table = text(path).split('<!-- every cell is tested -->\n')[1]?.split('\n\n')[0] ?? ''
  return table.split('\n').map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  )
}

const [heads = [], , ...lines] = tableOf(guide)

test('the table of the guide has the rows and columns that are tested here', () => {
  assert.deepEqual(heads.slice(1), Object.keys(columns))
  assert.deepEqual(
    lines.map(([name]) => name),
    Object.keys(rows),
  )
})

for (const [name = '', ...cells] of lines) {
  for (const [at, expected] of cells.entries()) {
    const column = heads[at + 1] ?? ''
    test(`${name}, TLS with ${column}: ${expected}`, async () => {
      const { flags, sslmode } = columns[column]!
      const front = await frontOf(flags)
      for (const client of rows[name]!) assert.equal(await client(front, sslmode), expected)
    })
  }
}

const { both, 'both, auth file': withFile, 'both, same certificate': same } = columns

test('the refusal of channel binding names the ways out, and the log tells of it', async () => {
  const front = await frontOf(both!.flags)
  const { output } = await psql(to(front, 'by_scram', { sslmode: 'require' }), 'SELECT 1')
  assert.match(output, /HINT: .*--tls_client_cert.*--auth_file.*channel_binding=disable/)
  assert.match(front.log(), /channel binding cannot pass/)
})

for (const [name, column] of Object.entries({
  'the same certificate': same,
  'an auth file': withFile,
})) {
  test(`psql and pgbench with default settings work on TLS on both sides with ${name}`, async () => {
    const { port } = await frontOf(column!.flags)
    const script = join(folder, `${port}.sql`)
    writeFileSync(script, "SELECT email FROM people WHERE id = 1;\nSELECT 'pgbench';\n")
    const env = {
      PATH: process.env.PATH,
      HOME: '/nonexistent',
      PGHOST: 'localhost',
      PGPORT: String(port),
      PGUSER: 'by_scram',
      PGPASSWORD: PASSWORD,
      PGDATABASE: 'postgres',
      PGSSLMODE: 'verify-full',
      PGSSLROOTCERT: authority.certFile,
    }
    const { stdout } = await run('psql', ['-XAtc', "SELECT 'psql'"], { env })
    assert.equal(stdout, 'psql\n')
    const bench = await run('pgbench', ['-n', '-c2', '-t5', '-f', script], { env })
    assert.match(bench.stdout, /number of transactions actually processed: 10\/10/)
  })
}

test('with the secret of pg_authid in the auth file the password alone opens, and a wrong one does not', async () => {
  const front = await frontOf(withFile!.flags)
  const options = { sslmode: 'verify-full', channel_binding: 'require' }
  assert.deepEqual(await psql(to(front, 'kept_secret', options), 'SELECT 1'), {
    ok: true,
    output: '1',
  })
  const wrong = { ...to(front, 'kept_secret', options), password: 'wrong' }
  const { ok, output } = await psql(wrong, 'SELECT 1')
  assert.equal(ok, false)
  assert.match(output, /password authentication failed for user "kept_secret"/)
})

test('a secret that the database has changed is said to be outdated', async () => {
  const front = await frontOf(withFile!.flags)
  await directly(lab.database, (client) =>
    client.query(`ALTER ROLE kept_secret PASSWORD '${PASSWORD}'`),
  )
  const { output } = await psql(to(front, 'kept_secret', { sslmode: 'require' }), 'SELECT 1')
  assert.match(
    output,
    /secret of user "kept_secret" in the auth file of acra-server is not the one/,
  )
  assert.match(output, /HINT: {2}Copy it from pg_authid again/)
})

test('no password stands in the log', async () => {
  for (const front of fronts.values()) assert.ok(!(await front).log().includes(PASSWORD))
})
