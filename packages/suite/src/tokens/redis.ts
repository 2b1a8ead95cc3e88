import { type RedisConnection, RedisError, type RedisReply } from '../net/redis/index.ts'
import { type Bucket, type Fate, type TokenStore, TokenStoreError } from './token-store.ts'

const PREFIX = 'tokens/'
const SCAN_COUNT = '1000'
const keyText = /^tokens\/([0-9a-f]{64})\/((?:[0-9a-f]{2})+)$/
const hexText = /^(?:[0-9a-f]{2})*$/

/**
 * A store in Redis, as the original has it: `tokens/BUCKET/KEY`, everything in hex (spec: acra-envelopes §7.5). Throws TokenStoreError
 * where Redis does not answer.
 */
export async function openRedisTokenStore(connection: RedisConnection): Promise<TokenStore> {
  const store = new RedisTokenStore(connection)
  await store.check()
  return store
}

class RedisTokenStore implements TokenStore {
  readonly #redis: RedisConnection

  constructor(redis: RedisConnection) {
    this.#redis = redis
  }

  async check(): Promise<void> {
    await this.#send('PING')
  }

  async get(bucket: Bucket, key: Buffer): Promise<Buffer | null> {
    const value = await this.#send('GET', nameOf(bucket, key))
    return value === null ? null : fromHex(value)
  }

  async add(bucket: Bucket, key: Buffer, value: Buffer): Promise<boolean> {
    return (await this.#send('SET', nameOf(bucket, key), value.toString('hex'), 'NX')) !== null
  }

  async replace(bucket: Bucket, key: Buffer, value: Buffer): Promise<void> {
    await this.#send('SET', nameOf(bucket, key), value.toString('hex'), 'XX')
  }

  async scan(visit: Parameters<TokenStore['scan']>[0]): Promise<void> {
    // SCAN may answer a key more than once.
    const seen = new Set<string>()
    let cursor = '0'
    do {
      const page = await this.#send('SCAN', cursor, 'MATCH', `${PREFIX}*`, 'COUNT', SCAN_COUNT)
      const [next, found] = listOf(page)
      cursor = String(next)
      const names = listOf(found).map(String)
      const fresh = [...new Set(names)].filter((name) => keyText.test(name) && !seen.has(name))
      for (const name of fresh) seen.add(name)
      await this.#visit(fresh, visit)
    } while (cursor !== '0')
  }

  /** The connection lets go by itself. */
  async close(): Promise<void> {}

  async #visit(names: readonly string[], visit: Parameters<TokenStore['scan']>[0]): Promise<void> {
    if (names.length === 0) return
    const values = listOf(await this.#send('MGET', ...names))
    for (const [i, name] of names.entries()) {
      const value = values[i] ?? null
      if (value === null) continue
      const [, bucket, key] = keyText.exec(name)!
      const fate = visit({
        bucket: Buffer.from(bucket, 'hex'),
        key: Buffer.from(key, 'hex'),
        value: fromHex(value),
      })
      await this.#settle(name, fate)
    }
  }

  async #settle(name: string, fate: Fate): Promise<void> {
    if (fate === 'keep') return
    if (fate === 'remove') await this.#send('DEL', name)
    else await this.#send('SET', name, fate.toString('hex'), 'XX')
  }

  async #send(...words: readonly string[]): Promise<RedisReply> {
    try {
      return await this.#redis.send(...words)
    } catch (cause) {
      if (!(cause instanceof RedisError)) throw cause
      throw new TokenStoreError('token-store-unavailable', cause.message, { cause })
    }
  }
}

function nameOf(bucket: Bucket, key: Buffer): string {
  return `${PREFIX}${bucket.toString('hex')}/${key.toString('hex')}`
}

function listOf(reply: RedisReply | undefined): readonly RedisReply[] {
  if (Array.isArray(reply)) return reply
  throw new TokenStoreError('token-store-damaged', 'Redis answers something else than a list')
}

function fromHex(value: RedisReply): Buffer {
  if (typeof value === 'string' && hexText.test(value)) return Buffer.from(value, 'hex')
  throw new TokenStoreError('token-store-damaged', 'a token in Redis is not hex')
}
