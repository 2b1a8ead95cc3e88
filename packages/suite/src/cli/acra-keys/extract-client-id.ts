import { flag } from '../../options/index.ts'
import { clientIdFromCertificate, commandCertificateOptions } from '../client-id.ts'
import type { Program } from '../program.ts'
import { Refusal } from '../refusal.ts'

const options = {
  ...commandCertificateOptions,
  print_json: flag(false, 'Print JSON'),
} as const

/** spec: cli-tools §6 */
export const extractClientId: Program<typeof options> = {
  name: 'acra-keys extract-client-id',
  kind: 'tool',
  description:
    'Prints the client id that a TLS certificate stands for. It is the one that acra-server gives to connections which show this certificate.',
  examples: ['acra-keys extract-client-id --tls_client_id_cert=client.pem'],
  options,
  async run({ options, print }) {
    const id = await clientIdFromCertificate(options)
    if (id === null) throw new Refusal('TLS certificate path not specified')
    print(options.print_json ? `${JSON.stringify({ client_id: id })}\n` : `${id}\n`)
    return 0
  },
}
