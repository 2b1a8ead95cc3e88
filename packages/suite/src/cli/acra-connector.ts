import { events } from '../observe/index.ts'
import {
  Connector,
  ConnectorConfigurationError,
  connectorOptions,
} from '../services/connector/index.ts'
import type { Program, ProgramContext } from './program.ts'

/** acra-connector: encrypts the way from an application to acra-server or acra-translator. */
export const program: Program<typeof connectorOptions> = {
  name: 'acra-connector',
  kind: 'service',
  description:
    'Runs beside an application and carries its connections, encrypted and authenticated, to acra-server or acra-translator: ' +
    'by Secure Session with exchanged keys, or by TLS.',
  examples: [
    'acra-connector --client_id=someid --acraserver_connection_host=acra.internal',
    'acra-connector --mode=AcraTranslator --client_id=someid --acratranslator_connection_string=grpc://acra.internal:9696',
  ],
  options: connectorOptions,
  async run(context) {
    const { log, stop, onReload } = context
    const connector = await startConnector(context)
    if (connector === null) return 1
    for (const address of connector.addresses) {
      log.info('Setup ready. Start listening connection URL', { connection_string: address })
    }
    onReload((changed) => connector.reload(changed))
    await new Promise<void>((resolve) => {
      if (stop.aborted) resolve()
      else stop.addEventListener('abort', () => resolve(), { once: true })
    })
    await connector.stop()
    log.info('Server graceful shutdown completed')
    return 0
  },
}

/** Null where the configuration cannot be used, which is in the log then, in the words of the original. */
async function startConnector(
  context: ProgramContext<typeof connectorOptions>,
): Promise<Connector | null> {
  const { options, log, environment, version } = context
  const product = { name: program.name, version }
  const user = process.geteuid?.() ?? null
  try {
    return await Connector.start(options, { environment, log, product, user })
  } catch (error) {
    if (!(error instanceof ConnectorConfigurationError)) throw error
    log.event(events.wrongConfiguration, {}, error.message)
    return null
  }
}
