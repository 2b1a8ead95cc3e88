import { serverOptions, startAlone } from '../services/server/index.ts'
import type { Program } from './program.ts'

/** acra-server: the proxy in front of the database. */
export const program: Program<typeof serverOptions> = {
  name: 'acra-server',
  kind: 'service',
  description:
    'Stands between applications and a PostgreSQL database: protected columns are encrypted on their way in and decrypted ' +
    'on their way out, and what would carry their values in the clear is refused.',
  examples: [
    'acra-server --db_host=127.0.0.1 --client_id=someid --encryptor_config_file=encryptor_config.yaml',
    'acra-server --db_host=/var/run/postgresql --client_id=someid --incoming_connection_string=unix:///run/acra/.s.PGSQL.5432',
  ],
  options: serverOptions,
  async run({ options, log, environment, version, stop, onReload }) {
    const product = { name: 'acra-server', version }
    const server = await startAlone(options, { environment, log, product })
    log.info(`Listening on ${server.address}`, { connection_string: server.address })
    onReload((changed) => server.reload(changed))
    await new Promise<void>((resolve) => {
      if (stop.aborted) resolve()
      else stop.addEventListener('abort', () => resolve(), { once: true })
    })
    await server.stop()
    log.info('Server graceful shutdown completed')
    return 0
  },
}
