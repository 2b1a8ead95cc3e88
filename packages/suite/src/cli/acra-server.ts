import { type Service, serverOptions, startAlone, startWorkers } from '../services/server/index.ts'
import { explains } from './explain.ts'
import { startScript } from './poison-script.ts'
import type { Program, ProgramContext } from './program.ts'
import { workerStarter } from './worker-process.ts'

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
    'acra-server --explain_sql --encryptor_config_file=encryptor_config.yaml "SELECT id FROM users WHERE email = $1"',
    'acra-server --print_ddl --encryptor_config_file=encryptor_config.yaml',
  ],
  operands: '[statement]',
  options: serverOptions,
  endsByItself: (given) =>
    given.get('explain_sql')?.value === true || given.get('print_ddl')?.value === true,
  async run(context) {
    if (await explains(context)) return 0
    const { log, stop, onReload } = context
    const service = await startService(context)
    log.info(`Listening on ${service.address}`, { connection_string: service.address })
    onReload((changed) => service.reload(changed))
    const stopped = new Promise<void>((resolve) => {
      if (stop.aborted) resolve()
      else stop.addEventListener('abort', () => resolve(), { once: true })
    })
    const hasFailed = await Promise.race([
      stopped.then(() => false),
      service.failed.then(() => true),
    ])
    if (hasFailed) return 1
    await service.stop()
    log.info('Server graceful shutdown completed')
    return 0
  },
}

function startService(context: ProgramContext<typeof serverOptions>): Promise<Service> {
  const { options, environment, log, logLines, version } = context
  const product = { name: program.name, version }
  const service = { environment, log, product, startScript }
  if (options.workers === 1) return startAlone(options, service)
  const module = new URL('./acra-server-worker.js', import.meta.url)
  return startWorkers(options, service, workerStarter(module, { product, lines: logLines }))
}
