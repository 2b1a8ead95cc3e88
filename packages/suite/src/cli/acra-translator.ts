import { Translator, translatorOptions } from '../services/translator/index.ts'
import { startScript } from './poison-script.ts'
import type { Program } from './program.ts'

/** acra-translator: encrypts and decrypts values over HTTP and gRPC. */
export const program: Program<typeof translatorOptions> = {
  name: 'acra-translator',
  kind: 'service',
  description:
    'Encrypts and decrypts values for applications that speak HTTP or gRPC instead of SQL. It knows its clients by their ' +
    'certificates, or by the Secure Session of AcraConnector.',
  examples: [
    'acra-translator --incoming_connection_http_string=http://0.0.0.0:9595 --tls_cert=server.crt --tls_key=server.key --tls_ca=ca.crt',
    'acra-translator --incoming_connection_grpc_string=grpc://0.0.0.0:9696 --securesession_id=acra_translator',
  ],
  options: translatorOptions,
  async run({ options, log, environment, version, stop, onReload }) {
    const service = await Translator.start(options, {
      environment,
      log,
      product: { name: program.name, version },
      startScript,
    })
    for (const address of service.addresses) {
      log.info(`Listening on ${address}`, { connection_string: address })
    }
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
