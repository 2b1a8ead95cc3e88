import type { Bucket, TokenStore } from './token-store.ts'

const BUCKET_SIZE = 32

/** A store in the memory of one process: everything is lost with it. */
export function memoryTokenStore(): TokenStore {
  // By bucket and key, a character for each byte.
  const records = new Map<string, Buffer>()
  const nameOf = (bucket: Bucket, key: Buffer) => bucket.toString('latin1') + key.toString('latin1')
  return {
    get: (bucket, key) => records.get(nameOf(bucket, key)) ?? null,
    add(bucket, key, value) {
      const name = nameOf(bucket, key)
      if (records.has(name)) return false
      records.set(name, copy(value))
      return true
    },
    replace(bucket, key, value) {
      const name = nameOf(bucket, key)
      if (records.has(name)) records.set(name, copy(value))
    },
    async scan(visit) {
      for (const [name, value] of [...records]) {
        const bytes = Buffer.from(name, 'latin1')
        const [bucket, key] = [bytes.subarray(0, BUCKET_SIZE), bytes.subarray(BUCKET_SIZE)]
        const fate = visit({ bucket, key, value })
        if (fate === 'remove') records.delete(name)
        else if (fate !== 'keep') records.set(name, copy(fate))
      }
    },
    async close() {
      records.clear()
    },
  }
}

function copy(bytes: Buffer): Buffer {
  return Buffer.from(bytes)
}
