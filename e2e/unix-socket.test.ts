import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import pg from 'pg'
import { startPostgres } from '../tools/postgres.ts'
import { createKeys, startAcraServer } from '../tools/programs.ts'
import { createSandbox } from '../tools/sandbox.ts'
import { createTables, encryptorConfig, stored } from './people.ts'

test('unix sockets serve on both sides', async () => {
  const sandbox = createSandbox('unix')
  const database = await startPostgres()
  try {
    await createTables(database)
    const config = join(sandbox.folder, 'encryptor-config.yaml')
    await writeFile(config, encryptorConfig)
    const server = await startAcraServer(sandbox, {
      clientId: 'application',
      keys: await createKeys(sandbox.folder, ['application']),
      database: { host: database.socketFolder, port: database.port },
      encryptorConfig: config,
      socketFolder: sandbox.folder,
    })
    const { user, password } = database
    const client = new pg.Client({
      host: server.host,
      port: server.port,
      user,
      password,
      database: 'postgres',
    })
    await client.connect()
    await client.query('INSERT INTO people (id, email) VALUES ($1, $2)', [1, 'ann@example.org'])
    const { rows } = await client.query('SELECT email FROM people')
    await client.end()
    assert.deepEqual(rows, [{ email: 'ann@example.org' }])
    assert.match(await stored(database, 1, 'email'), /^\\x252525/)
  } finally {
    await sandbox.remove()
    await database.stop()
  }
})
