import { nodePrimitives } from '@acra-ts/crypto/node'
import type { Environment } from '../../keystore/index.ts'
import { isClientId } from '../../keystore/index.ts'
import { revocationSettings } from '../../net/revocation/index.ts'
import {
  clientPolicies,
  readAuthorities,
  readCredentials,
  systemAuthorities,
  TlsServer,
} from '../../net/tls/index.ts'
import { events, type Logger } from '../../observe/index.ts'
import { ConfigurationError } from '../../options/index.ts'
import type { TokenStore } from '../../tokens/index.ts'
import type { PoisonWatch } from '../../transform/index.ts'
import { openServiceKeys } from '../keystore/index.ts'
import { openPoisonKeys, PoisonReaction, type Reactions } from '../poison/index.ts'
import { type ArrivalSettings, revocationOf, TransportKeyring } from '../transport/index.ts'
import type { Interface } from './metrics.ts'
import { type ClientIdOf, clientIdsBy } from './named-client-ids.ts'
import type { TranslatorOptions } from './options.ts'
import { type ValueCounts, Values } from './values.ts'

/** What new connections and requests work with. A reload makes another one. */
export interface Setup {
  readonly options: TranslatorOptions
  /** How connections come in, by what they speak. */
  readonly arrival: Readonly<Record<Interface, ArrivalSettings>>
  /** Whose keys a gRPC request works with. */
  readonly clientIdOf: ClientIdOf
  readonly values: Values
  /** What looks for poison records; null where nobody does. */
  readonly poison: PoisonWatch | null
  /** Says nothing more of the place where the master key comes from. */
  unwatch(): void
  /** Overwrites the keys in memory. */
  wipe(): void
}

/** What a setup is made with, besides the options. */
export interface SetupContext {
  readonly environment: Environment
  readonly log: Logger
  readonly reactions: Reactions
  /** Kept through reloads. */
  readonly tokens: TokenStore
  readonly counts: ValueCounts
  /** Told 1 when the place where the master key comes from goes away, -1 when it is back. */
  readonly onDegraded: (change: 1 | -1) => void
}

/** Reads files and keys, and makes ready. Throws where anything is wrong. */
export async function openSetup(
  options: TranslatorOptions,
  { environment, log, reactions, tokens, counts, onDegraded }: SetupContext,
): Promise<Setup> {
  const mode = checkOptions(options)
  const clientIdOf = clientIdsBy(options, log)
  const tls = mode === 'tls' ? openTls(options, environment, log) : { http: null, grpc: null }
  const keys = await openServiceKeys({ options, environment, log, onDegraded })
  const poisonKeys = await openPoisonKeys(options, nodePrimitives, keys.keystore, log).catch(
    (error: unknown) => {
      keys.wipe()
      throw error
    },
  )
  const alarm = new PoisonReaction(options, reactions).alarm(log)
  const keyring = new TransportKeyring(keys.keystore, {
    own: 'transport-translator',
    peer: 'transport-connector',
  })
  const sessionId = options.securesession_id
  const arrival = { mode, sessionId, keyring, timeoutMs: options.startup_timeout * 1000 }
  return {
    options,
    clientIdOf,
    arrival: { http: { ...arrival, tls: tls.http }, grpc: { ...arrival, tls: tls.grpc } },
    values: new Values(keys.inUse, tokens, counts),
    poison: poisonKeys && { keys: poisonKeys, alarm },
    unwatch: keys.unwatch,
    wipe() {
      poisonKeys?.wipe()
      keys.wipe()
    },
  }
}

/** TLS where it is asked for or has a certificate; else Secure Session. spec: acra-translator §2 */
function checkOptions(options: TranslatorOptions): 'tls' | 'session' {
  const { tls_cert: cert, tls_key: key } = options
  if (!isClientId(options.securesession_id)) {
    throw wrong(`securesession_id: ${events.invalidClientId.message}`)
  }
  if ((cert === '') !== (key === '')) throw wrong('tls_cert and tls_key go together')
  if (options.acratranslator_tls_transport_enable && cert === '') {
    throw wrong('acratranslator_tls_transport_enable needs a certificate: tls_cert and tls_key')
  }
  // In 0.90 a certificate alone said nothing.
  const saysTls = options.acratranslator_tls_transport_enable || options.compatibility === '0.96'
  if (cert === '' || !saysTls) return 'session'
  if (options.acratranslator_client_id_from_connection_enable && options.tls_auth === 0) {
    throw wrong(
      'invalid auth_type for TLS config: client ids of certificates need tls_auth=4; set acratranslator_client_id_from_connection_enable=false to take them from requests',
    )
  }
  return 'tls'
}

function openTls(
  options: TranslatorOptions,
  environment: Environment,
  log: Logger,
): Readonly<Record<Interface, TlsServer>> {
  const policy = clientPolicies[options.tls_auth]
  if (policy === undefined) throw new Error('an authentication that the option does not allow')
  const { tls_ca: file } = options
  const system = systemAuthorities(environment)
  const authorities = file === '' ? system : [...system, ...readAuthorities(file)]
  const settings = {
    credentials: readCredentials(options.tls_cert, options.tls_key),
    authorities,
    policy,
    extractor: policy.verifies ? options.tls_identifier_extractor_type : null,
    revocation: policy.verifies
      ? revocationOf(revocationSettings(options), authorities, log)
      : null,
  }
  return {
    http: new TlsServer({ ...settings, protocols: ['h2', 'http/1.1'] }),
    grpc: new TlsServer({ ...settings, protocols: ['h2'] }),
  }
}

function wrong(text: string): ConfigurationError {
  return new ConfigurationError([{ origin: null, text }])
}
