/** A database and an acra-server before it, for the parts that need both. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { type Postgres, startPostgres } from '../../tools/postgres.ts'
import { createKeys, startAcraServer } from '../../tools/programs.ts'
import { createSandbox, type Sandbox } from '../../tools/sandbox.ts'
import type { Contestant } from '../contestants.ts'

export interface Stage {
  readonly postgres: Postgres
  readonly sandbox: Sandbox
  /** acra-server, with the configuration. */
  readonly front: Contestant
  /** A client of the database itself. */
  readonly database: pg.Client
}

/** Calls `work` on a database with the tables of `schema`, and with an acra-server before it. */
export async function onStage<R>(
  schema: string,
  encryptorConfig: string,
  work: (stage: Stage) => Promise<R>,
): Promise<R> {
  const sandbox = createSandbox('bench')
  const postgres = await startPostgres({
    auth: 'trust',
    settings: { shared_buffers: '512MB', max_wal_size: '8GB' },
  })
  const database = new pg.Client({ connectionString: postgres.url() })
  try {
    await database.connect()
    await database.query(schema)
    const config = join(sandbox.folder, 'encryptor-config.yaml')
    writeFileSync(config, encryptorConfig)
    const { port, pid } = await startAcraServer(sandbox, {
      clientId: 'bench',
      keys: await createKeys(sandbox.folder, ['bench']),
      database: postgres,
      encryptorConfig: config,
      flags: ['-v=false'],
    })
    const front = { name: 'protected', port, processId: pid, usesTls: false } as const
    return await work({ postgres, sandbox, front, database })
  } finally {
    await database.end()
    await sandbox.remove()
    await postgres.stop()
  }
}
