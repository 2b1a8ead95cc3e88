import { nodePrimitives } from '@acra-ts/crypto/node'
import type { Environment, Keystore } from '../../keystore/index.ts'
import { events, type Logger } from '../../observe/index.ts'
import { readTextFile } from '../../options/index.ts'
import { ColumnTable } from '../../proxy/index.ts'
import {
  type ConversationSettings,
  type DatabaseDialSettings,
  Planner,
  type PlannerSettings,
  postgresTraits,
} from '../../proxy/postgres/index.ts'
import { analyzeText, type Parser } from '../../sql/postgres/index.ts'
import {
  anyColumn,
  columnFor,
  type EncryptorConfig,
  type KeysInUse,
  loadEncryptorConfig,
  noEncryptorConfig,
  type PoisonWatch,
} from '../../transform/index.ts'
import { openServiceKeys } from '../keystore/index.ts'
import { openPoisonKeys, PoisonReaction, type Reactions } from '../poison/index.ts'
import { TransportKeyring } from '../transport/index.ts'
import type { ServerMetrics } from './metrics.ts'
import type { ServerOptions } from './options.ts'
import { planningLimits } from './planning-limits.ts'
import { type ChangedNames, openSchemas, type Schemas } from './schema/index.ts'

/** Bytes of an encryptor config at most. */
export const ENCRYPTOR_CONFIG_SIZE_MAX = 16 * 1024 * 1024

/** Everything that new connections work with. A reload makes another one; open connections finish with theirs. */
export interface Protection {
  readonly conversation: ConversationSettings
  /** What is learned of databases; null where the configuration alone says what there is. */
  readonly schemas: Schemas | null
  readonly keys: KeysInUse
  readonly keystore: Keystore
  /** Forgets the keys in memory: they are read anew from the keystore. */
  resetKeys(): void
  /** The keys of Secure Sessions with AcraConnector. */
  readonly keyring: TransportKeyring
  /** Whether a column is tokenized: there must be a store then. */
  readonly tokenizes: boolean
  /** What looks for poison records on a connection with this log; null where nobody does. */
  poisonWatch(log: Logger): PoisonWatch | null
  /** Overwrites the keys in memory. No connection may use this protection any more. */
  wipe(): void
}

/** What a protection is opened with. */
export interface ProtectionContext {
  readonly environment: Environment
  readonly parser: Parser
  readonly log: Logger
  readonly reactions: Reactions
  readonly metrics: ServerMetrics
  /** How the database is reached where its schema is learned. */
  readonly dial: DatabaseDialSettings
  /** A connection to the database of that name has changed these relations, or any: resolves when the whole service has learned it. */
  readonly schemaChanged: (database: string, names: ChangedNames) => Promise<void>
}

/** Reads the encryptor config, opens the keystore and makes ready. Throws where anything in it is wrong. */
export async function openProtection(
  options: ServerOptions,
  context: ProtectionContext,
): Promise<Protection> {
  const { environment, log, reactions, metrics } = context
  const parser = context.parser.within(planningLimits(options))
  const config = readEncryptorConfig(options)
  const columns = new ColumnTable(protectedColumns(config), columnFor, anyColumn)
  const keys = await openServiceKeys({
    options,
    environment,
    log,
    onDegraded: metrics.keystoreDegraded,
  })
  const poisonKeys = await openPoisonKeys(options, nodePrimitives, keys.keystore, log).catch(
    (error: unknown) => {
      keys.wipe()
      throw error
    },
  )
  const reaction = new PoisonReaction(options, reactions)
  const planning: PlannerSettings = {
    idle: config.empty,
    columns,
    analyze: (text, shape, paths) => analyzeText(parser, text, shape, config, paths),
    followsPath: config.followsPath,
    cacheCount: options.plan_cache_size,
    cacheSize: options.plan_cache_bytes,
    textSizeMax: options.statement_size_max,
    onCacheTurn: () => log.event(events.planCacheFull),
  }
  const conversation = {
    columns,
    decryptsUnconfigured: options.decrypt_unconfigured,
    detectsPoison: poisonKeys !== null,
    heldSizeMax: options.max_held_message,
  }
  const wipe = () => {
    poisonKeys?.wipe()
    keys.wipe()
  }
  const learns = options.schema_introspection && !config.empty
  const schemas = !learns
    ? null
    : await openSchemas(
        { ...context, options, config, changed: context.schemaChanged },
        { parser, planner: planning, conversation },
      ).catch((error: unknown) => {
        wipe()
        throw error
      })
  return {
    conversation: { ...conversation, planner: new Planner(planning) },
    schemas,
    keys: keys.inUse,
    keystore: keys.keystore,
    resetKeys: keys.reset,
    keyring: new TransportKeyring(keys.keystore, {
      own: 'transport-server',
      peer: 'transport-connector',
    }),
    tokenizes: config.columns.some(({ tokenization }) => tokenization !== null),
    poisonWatch: (connectionLog) =>
      poisonKeys && { keys: poisonKeys, alarm: reaction.alarm(connectionLog) },
    wipe() {
      schemas?.close()
      wipe()
    },
  }
}

function readEncryptorConfig(options: ServerOptions): EncryptorConfig {
  const { on_unprotected: onUnprotected, compatibility: release } = options
  const installation = { onUnprotected, release }
  const path = options.encryptor_config_file
  if (path === '') return noEncryptorConfig(installation)
  const text = readTextFile(path, ENCRYPTOR_CONFIG_SIZE_MAX)
  return loadEncryptorConfig(text, path, postgresTraits, installation)
}

function* protectedColumns(config: EncryptorConfig) {
  for (const table of config.tables) yield* table.protected.values()
}
