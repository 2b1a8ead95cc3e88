/** A database of one byte a character, and a locale by which it folds letters beyond ASCII in names without quotes. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import pg from 'pg'
import { createSandbox, type Sandbox } from '../tools/sandbox.ts'
import { makeFoldingLocale } from './folding-locale.ts'
import { directly } from './people.ts'
import { type Front, type Lab, startLab } from './setup.ts'

const SECRET = 'kestrel4471quill'
const entry = 'encrypted: [{ column: prénom, searchable: true, data_type: str }]'

let sandbox: Sandbox
let lab: Lab
before(async () => {
  sandbox = createSandbox('locale')
  const locales = join(sandbox.folder, 'locales')
  makeFoldingLocale(locales)
  lab = await startLab({ auth: 'trust', inMemory: true, environment: { LOCPATH: locales } })
  for (const [name, ctype] of [
    ['folding', 'folding'],
    ['plain', 'C'],
  ] as const) {
    await directly(lab.database, (client) =>
      client.query(
        `CREATE DATABASE ${name} TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE '${ctype}'`,
      ),
    )
    await directly(
      lab.database,
      (client) => client.query('CREATE TABLE gens (id int, "prénom" bytea)'),
      name,
    )
  }
})
after(async () => {
  await lab?.stop()
  await sandbox?.remove()
})

/** The SQLSTATE of the error that a statement ends with in a database, and `ok` where it works. */
async function outcome(front: Front, database: string, sql: string): Promise<string> {
  const { host, port } = front
  const client = new pg.Client({ host, port, user: lab.database.user, database })
  await client.connect()
  try {
    await client.query(sql)
    return 'ok'
  } catch (error) {
    return (error as pg.DatabaseError).code ?? String(error)
  } finally {
    await client.end()
  }
}

const insert = (name: string) => `INSERT INTO gens (id, ${name}) VALUES (1, '${SECRET}')`

test('the database folds such a name', async () => {
  const front = await lab.front({ direct: true })
  assert.equal(await outcome(front, 'folding', insert('PRÉNOM')), 'ok')
  assert.equal(await outcome(front, 'plain', insert('PRÉNOM')), '42703')
  await directly(lab.database, (client) => client.query('TRUNCATE gens'), 'folding')
})

for (const [title, columns, flags] of [
  ['columns are listed', 'columns: [id, prénom]\n    ', []],
  ['the schema is learned', '', ['--schema_introspection', '--schema_introspection_user=postgres']],
] as const) {
  test(`where ${title}, a name that may be folded is refused, and no value reaches the database`, async () => {
    const encryptorConfig = `schemas:\n  - table: gens\n    ${columns}${entry}\n`
    const databases = flags.length > 0 ? ['--schema_introspection_databases=folding,plain'] : []
    const front = await lab.front({ encryptorConfig, flags: [...flags, ...databases] })
    front.tap.take()
    for (const sql of [
      insert('PRÉNOM'),
      insert('prénom'),
      `UPDATE gens SET PRÉNOM = '${SECRET}'`,
      `SELECT id FROM gens WHERE PRÉNOM = '${SECRET}'`,
    ])
      assert.equal(await outcome(front, 'folding', sql), '0A000', sql)
    assert.equal(await outcome(front, 'folding', insert('"prénom"')), 'ok')
    // Only the database can tell that it folds ASCII alone.
    const known = flags.length > 0 ? 'ok' : '0A000'
    assert.equal(await outcome(front, 'plain', insert('prénom')), known)
    assert.ok(!front.tap.take().toDatabase.includes(SECRET))
  })
}
