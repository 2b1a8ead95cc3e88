/** Rows of every size come back as they were written, wherever the pieces of the stream end. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, test } from 'node:test'
import pg from 'pg'
import { addressOf, directly } from '../people.ts'
import { type Front, type Lab, startLab } from '../setup.ts'

const columnCount = 200
const wideColumns = Array.from({ length: columnCount }, (_, i) => `c${i}`)
const config = `schemas:
  - table: sizes
    columns: [id, note, email, photo]
    encrypted:
      - { column: email, data_type: str }
      - { column: photo, crypto_envelope: acrastruct, data_type: bytes }
  - table: wide
    columns: [id, ${wideColumns.join(', ')}]
    encrypted:
${wideColumns
  .filter((_, i) => i % 3 > 0)
  .map((name) => `      - { column: ${name}, data_type: str }`)
  .join('\n')}
`

let lab: Lab
let front: Front
before(async () => {
  lab = await startLab()
  await directly(lab.database, (client) =>
    client.query(`
      CREATE TABLE sizes (id integer PRIMARY KEY, note text, email bytea, photo bytea);
      CREATE TABLE wide (id integer PRIMARY KEY, ${wideColumns.map((name, i) => `${name} ${i % 3 > 0 ? 'bytea' : 'text'}`).join(', ')})`),
  )
  front = await lab.front({ encryptorConfig: config })
})
after(() => lab.stop())

/** Around the sizes of PostgreSQL's buffer and of our own, and where hex doubles them. */
const sizes = [0, 1, 2, 100, 4000, 8192, 32_768, 65_536, 131_072, 1_000_000].flatMap((size) =>
  size > 100 ? [-210, -150, -7, -6, -5, -2, -1, 0, 1, 2].map((more) => size + more) : [size],
)

/** Letters of one to four bytes, and what looks like the beginning of an envelope or the end of a string. */
function textOf(size: number): string {
  const pattern = `%%%""""""""ä日𐍈\\'\\x252525 $$${size} `
  const cut = pattern.repeat(Math.ceil(size / pattern.length)).slice(0, size)
  // Half a letter at the end would come back as another.
  return Buffer.from(cut).toString()
}

test('values of every size come back, by text and in binary, by parameters and literals', async () => {
  const client = new pg.Client(addressOf(lab.database, front))
  await client.connect()
  try {
    const rows = sizes.map((size, id) => ({
      id,
      note: id % 3 === 0 ? null : textOf(size % 5000),
      email: textOf(size),
      photo: id % 5 === 0 ? null : randomBytes(size),
    }))
    for (const { id, note, email, photo } of rows) {
      if (id % 2 === 0) {
        await client.query('INSERT INTO sizes VALUES ($1, $2, $3, $4)', [id, note, email, photo])
        continue
      }
      const bytes = photo === null ? 'NULL' : `'\\x${photo.toString('hex')}'`
      const words = note === null ? 'NULL' : client.escapeLiteral(note)
      await client.query(
        `INSERT INTO sizes VALUES (${id}, ${words}, ${client.escapeLiteral(email)}, ${bytes})`,
      )
    }
    const sql = 'SELECT id, note, email, photo FROM sizes ORDER BY id'
    for (const read of [
      { text: sql },
      { text: sql, values: [], queryMode: 'extended' },
      { text: sql, values: [], binary: true },
      { text: sql, name: 'all', values: [], rows: 3 },
    ]) {
      const found = await client.query(read)
      for (const [i, row] of found.rows.entries()) {
        assert.deepEqual(
          withText(row as Record<string, unknown>),
          rows[i],
          `row ${i} by ${JSON.stringify(read)}`,
        )
      }
      assert.equal(found.rows.length, rows.length)
    }
    const stored = await directly(lab.database, (direct) =>
      direct.query(
        `SELECT id FROM sizes WHERE (email <> '' AND position('%%%'::bytea IN email) <> 1)
          OR (photo <> '' AND position('%%%'::bytea IN photo) <> 1)`,
      ),
    )
    assert.deepEqual(stored.rows, [])
  } finally {
    await client.end()
  }
})

/** In binary pg gives texts as they are, and numbers and bytes as it knows them. */
function withText(row: Record<string, unknown>): Record<string, unknown> {
  const { email, note } = row
  return {
    ...row,
    ...(Buffer.isBuffer(email) ? { email: email.toString() } : {}),
    ...(Buffer.isBuffer(note) ? { note: note.toString() } : {}),
  }
}

test('rows of many columns come back, some of them protected', async () => {
  const client = new pg.Client(addressOf(lab.database, front))
  await client.connect()
  try {
    const values = wideColumns.map((name, i) => (i % 7 === 0 ? null : `${name} ${textOf(i * 3)}`))
    const places = wideColumns.map((_, i) => `$${i + 2}`)
    for (let id = 0; id < 30; id++) {
      await client.query(`INSERT INTO wide VALUES ($1, ${places.join(', ')})`, [id, ...values])
    }
    for (const sql of ['SELECT * FROM wide ORDER BY id', `SELECT w.*, 1 FROM wide w ORDER BY id`]) {
      const { rows } = await client.query({ text: sql, rowMode: 'array' })
      assert.equal(rows.length, 30)
      for (const row of rows as unknown[][]) assert.deepEqual(row.slice(1, columnCount + 1), values)
    }
  } finally {
    await client.end()
  }
})
