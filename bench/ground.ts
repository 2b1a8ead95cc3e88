/** What the loads of pgbench run on: tables that are filled, keys and a configuration. */
import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import type { Postgres } from '../tools/postgres.ts'
import { createKeys } from '../tools/programs.ts'
import type { Sandbox } from '../tools/sandbox.ts'
import { type Ground, start } from './contestants.ts'
import { initialize } from './pgbench.ts'
import { encryptorConfig, fill, schema } from './workloads.ts'

/** The tables, filled, the keys and the configuration. */
export async function prepareGround(sandbox: Sandbox, postgres: Postgres): Promise<Ground> {
  await initialize(postgres.port)
  const client = new pg.Client({ connectionString: postgres.url() })
  await client.connect()
  await client.query(schema)
  await client.end()
  const config = join(sandbox.folder, 'encryptor-config.yaml')
  writeFileSync(config, encryptorConfig)
  // PgBouncer reads the certificate as another user.
  const certificates = mkdtempSync(join(sandbox.folder, 'certificates-'))
  chmodSync(certificates, 0o755)
  const ground = {
    sandbox,
    database: postgres,
    keys: await createKeys(sandbox.folder, ['bench']),
    encryptorConfig: config,
    certificates,
  }
  const { port } = await start('protected', ground)
  await fill(postgres.url(), port)
  return ground
}
