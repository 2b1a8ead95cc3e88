/** The same few statements in front of every PostgreSQL that is here. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import pg from 'pg'
import { postgresVersions } from '../tools/postgres.ts'
import { addressOf, createTables, encryptorConfig, stored } from './people.ts'
import { startLab } from './setup.ts'

for (const version of postgresVersions()) {
  for (const auth of ['scram-sha-256', 'md5', 'password'] as const) {
    test(`PostgreSQL ${version} with ${auth}: values are protected and come back`, async () => {
      const lab = await startLab({ version, auth })
      try {
        await createTables(lab.database)
        const front = await lab.front({ encryptorConfig })
        const client = new pg.Client(addressOf(lab.database, front))
        await client.connect()
        await client.query("INSERT INTO people (id, email) VALUES (1, 'ann@example.org')")
        await client.query('INSERT INTO people (id, email) VALUES ($1, $2)', [2, 'bob@example.org'])
        const { rows } = await client.query('SELECT id, email FROM people ORDER BY id')
        await client.end()
        assert.deepEqual(rows, [
          { id: 1, email: 'ann@example.org' },
          { id: 2, email: 'bob@example.org' },
        ])
        assert.match(await stored(lab.database, 1, 'email'), /^\\x252525/)
        assert.match(await stored(lab.database, 2, 'email'), /^\\x252525/)
      } finally {
        await lab.stop()
      }
    })
  }
}
