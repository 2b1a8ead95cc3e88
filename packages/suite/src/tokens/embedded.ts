import { closeSync, existsSync, openSync, readSync } from 'node:fs'
import { open, type RootDatabase } from 'lmdb'
import { looksLikeBolt, readBoltFile } from './bolt.ts'
import { type Bucket, type TokenStore, TokenStoreError } from './token-store.ts'

const BUCKET_SIZE = 32
const OWNER_ONLY = 0o600
/** What LMDB puts behind the name for its lock file. */
const LOCK = '-lock'
/** What stands behind the name of a BoltDB file for the file that takes over from it. */
const SUCCESSOR = '.lmdb'
/** Records that are changed in one transaction of a scan. */
const BATCH_SIZE = 1000
const BOLT_MAGIC_SIZE = 20
/** Of a file that took over a BoltDB file as a whole: no record has a name as short. */
const TAKEN_OVER = Buffer.from('taken over')

/**
 * A store in the file `path` (LMDB). Several processes may have it open. Where `path` is a BoltDB file of the original, its records are
 * copied once into `path.lmdb`, which is used from then on; the file itself stays as it is. Throws TokenStoreError.
 */
export async function openEmbeddedTokenStore(path: string): Promise<TokenStore> {
  try {
    if (!isBoltFile(path)) return new EmbeddedTokenStore(openFile(path))
    const db = openFile(path + SUCCESSOR)
    if (db.get(TAKEN_OVER) === undefined) await takeOver(path, db)
    return new EmbeddedTokenStore(db)
  } catch (cause) {
    if (cause instanceof TokenStoreError) throw cause
    const text = `the file of tokens "${path}" cannot be opened`
    throw new TokenStoreError('token-store-unavailable', text, { cause })
  }
}

function openFile(path: string): RootDatabase<Buffer, Buffer> {
  for (const name of [path, path + LOCK]) closeSync(openSync(name, 'a', OWNER_ONLY))
  return open<Buffer, Buffer>({
    path,
    noSubdir: true,
    encoding: 'binary',
    keyEncoding: 'binary',
    // What is answered is on the disk.
    overlappingSync: false,
  })
}

function isBoltFile(path: string): boolean {
  if (!existsSync(path)) return false
  const file = openSync(path, 'r')
  try {
    const bytes = Buffer.alloc(BOLT_MAGIC_SIZE)
    return readSync(file, bytes) === BOLT_MAGIC_SIZE && looksLikeBolt(bytes)
  } finally {
    closeSync(file)
  }
}

/** All records in one transaction: a file that is not whole takes over nothing. */
async function takeOver(path: string, db: RootDatabase<Buffer, Buffer>): Promise<void> {
  const records = [...readBoltFile(path)]
  await db.transaction(() => {
    for (const { bucket, key, value } of records) {
      const name = Buffer.concat([bucket, key])
      if (db.get(name) === undefined) void db.put(name, value)
    }
    void db.put(TAKEN_OVER, Buffer.from([1]))
  })
}

class EmbeddedTokenStore implements TokenStore {
  readonly #db: RootDatabase<Buffer, Buffer>

  constructor(db: RootDatabase<Buffer, Buffer>) {
    this.#db = db
  }

  get(bucket: Bucket, key: Buffer): Buffer | null {
    try {
      return this.#db.get(Buffer.concat([bucket, key])) ?? null
    } catch (cause) {
      throw unavailable(cause)
    }
  }

  async add(bucket: Bucket, key: Buffer, value: Buffer): Promise<boolean> {
    const name = Buffer.concat([bucket, key])
    return this.#changed(() =>
      this.#db.ifNoExists(name, () => {
        void this.#db.put(name, value)
      }),
    )
  }

  async replace(bucket: Bucket, key: Buffer, value: Buffer): Promise<void> {
    const name = Buffer.concat([bucket, key])
    await this.#changed(() =>
      this.#db.transaction(() => {
        if (this.#db.get(name) !== undefined) void this.#db.put(name, value)
      }),
    )
  }

  async scan(visit: Parameters<TokenStore['scan']>[0]): Promise<void> {
    await this.#changed(async () => {
      let last: Buffer | null = null
      do last = await this.#scanBatch(last, visit)
      while (last !== null)
    })
  }

  async close(): Promise<void> {
    await this.#db.close()
  }

  /** Visits a batch of records behind `from`; null where there were no more. */
  #scanBatch(
    from: Buffer | null,
    visit: Parameters<TokenStore['scan']>[0],
  ): Promise<Buffer | null> {
    const start = from === null ? undefined : Buffer.concat([from, Buffer.from([0])])
    return this.#db.transaction(() => {
      const range = {
        limit: BATCH_SIZE,
        snapshot: false,
        ...(start === undefined ? {} : { start }),
      }
      const batch = [...this.#db.getRange(range)]
      for (const { key: name, value } of batch) {
        if (name.length <= BUCKET_SIZE) continue
        const bucket = name.subarray(0, BUCKET_SIZE)
        const fate = visit({ bucket, key: name.subarray(BUCKET_SIZE), value })
        if (fate === 'remove') void this.#db.remove(name)
        else if (fate !== 'keep') void this.#db.put(name, fate)
      }
      return batch.length < BATCH_SIZE ? null : Buffer.from(batch[batch.length - 1].key)
    })
  }

  async #changed<R>(action: () => Promise<R>): Promise<R> {
    try {
      return await action()
    } catch (cause) {
      throw cause instanceof TokenStoreError ? cause : unavailable(cause)
    }
  }
}

function unavailable(cause: unknown): TokenStoreError {
  const text = 'the file of tokens cannot be read or written'
  return new TokenStoreError('token-store-unavailable', text, { cause })
}
