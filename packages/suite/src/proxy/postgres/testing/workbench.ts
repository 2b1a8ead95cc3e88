/**
 * What benches measure without sockets: the planner, the columns and conversations of a configuration, with the real parser, real cryptography
 * and a real store of tokens. Keys are in memory.
 */
import { redisOptions } from '../../../net/redis/index.ts'
import { settle } from '../../../options/index.ts'
import { analyzeText, loadParser, type Parser } from '../../../sql/postgres/index.ts'
import { openTokenStore, type TokenStore, tokenOptions } from '../../../tokens/index.ts'
import {
  type Access,
  anyColumn,
  columnFor,
  type EncryptorConfig,
  loadEncryptorConfig,
} from '../../../transform/index.ts'
import { accessOf, MemoryKeystore, tokensIn } from '../../../transform/testing/index.ts'
import type { Outlet } from '../../../wire/index.ts'
import { readyForQuery } from '../../../wire/postgres/testing/index.ts'
import { ColumnTable, type PlannedColumn } from '../../columns.ts'
import { PostgresConversation } from '../conversation.ts'
import { Planner } from '../planner.ts'
import { postgresTraits } from '../traits.ts'

export { BufferSink, type Soon } from '../../../foundation/index.ts'
export { PlanCache } from '../../plan-cache.ts'
export type { Access, PlannedColumn, Planner, TokenStore }

/** The client whose keys are there. */
const CLIENT = 'bench'
/** As acra-server has it by default. */
const CACHE = { cacheCount: 4096, cacheSize: 64 << 20 }

/** Where tokens are: in memory, in the file `path`, or in the Redis at `hostPort`. */
export type TokenPlace = 'memory' | { readonly path: string } | { readonly hostPort: string }

export function openTokens(place: TokenPlace): Promise<TokenStore> {
  const { values } = settle({ ...tokenOptions, ...redisOptions }, new Map(), new Map())
  if (place === 'memory') return openTokenStore(values, {}, () => {})
  if ('path' in place) return openTokenStore({ ...values, token_db: place.path }, {}, () => {})
  const redis = { redis_host_port: place.hostPort, redis_db_tokens: 0 }
  return openTokenStore({ ...values, ...redis }, {}, () => {})
}

/** Makes ready what `yaml`, an encryptor config, asks for. */
export async function openWorkbench(
  yaml: string,
  tokens: TokenStore | null = null,
): Promise<Workbench> {
  return new Workbench(yaml, await loadParser(), tokens)
}

export class Workbench {
  /** Of a client that has keys of every kind. */
  readonly access: Access
  readonly #config: EncryptorConfig
  readonly #columns: ColumnTable
  readonly #parser: Parser

  constructor(yaml: string, parser: Parser, tokens: TokenStore | null) {
    const keystore = new MemoryKeystore().generate(CLIENT, ['storage', 'storage-symmetric', 'hmac'])
    this.access = accessOf(CLIENT, keystore, { tokens: tokens && tokensIn(tokens) })
    this.#parser = parser
    this.#config = loadEncryptorConfig(yaml, 'encryptor_config.yaml', postgresTraits, {
      onUnprotected: 'refuse',
    })
    this.#columns = new ColumnTable(this.#config.columns, columnFor, anyColumn)
  }

  /** A planner that knows no plan yet. */
  planner(cache: typeof CACHE = CACHE): Planner {
    return new Planner({
      idle: this.#config.empty,
      columns: this.#columns,
      analyze: (text, shape, paths) => analyzeText(this.#parser, text, shape, this.#config, paths),
      followsPath: this.#config.followsPath,
      ...cache,
      textSizeMax: 1 << 24,
      onCacheTurn: () => {},
    })
  }

  /** A protected column, by its names. */
  column(table: string, column: string): PlannedColumn {
    const setting = this.#config.columns.find((s) => s.table === table && s.column === column)
    if (setting === undefined) throw new Error(`"${table}"."${column}" is not protected`)
    return this.#columns.planned(setting)
  }

  /** A connection whose client is logged in; what it says goes out to the two outlets. */
  async conversation(toClient: Outlet, toDatabase: Outlet): Promise<PostgresConversation> {
    const settings = {
      planner: this.planner(),
      columns: this.#columns,
      decryptsUnconfigured: true,
      detectsPoison: false,
      heldSizeMax: 1 << 26,
    }
    const observer = {
      refused: ({ message }: { readonly message: string }) => {
        throw new Error(`a statement is refused: ${message}`)
      },
      passedUnprotected: () => {},
    }
    const conversation = new PostgresConversation(
      settings,
      this.access,
      observer,
      toClient,
      toDatabase,
    )
    await conversation.fromDatabase(readyForQuery('I'))
    return conversation
  }
}
