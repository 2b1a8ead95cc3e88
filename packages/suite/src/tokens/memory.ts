import type { Bucket, StoredRecord, TokenStore } from './token-store.ts'

/** A store in the memory of one process: everything is lost with it. */
export function memoryTokenStore(): TokenStore {
  const records = new Map<string, StoredRecord>()
  const nameOf = (bucket: Bucket, key: Buffer) =>
    `${bucket.toString('latin1')}${key.toString('latin1')}`
  return {
    get: (bucket, key) => records.get(nameOf(bucket, key))?.value ?? null,
    add(bucket, key, value) {
      const name = nameOf(bucket, key)
      if (records.has(name)) return false
      records.set(name, { bucket: copy(bucket), key: copy(key), value: copy(value) })
      return true
    },
    replace(bucket, key, value) {
      const name = nameOf(bucket, key)
      const record = records.get(name)
      if (record !== undefined) records.set(name, { ...record, value: copy(value) })
    },
    async scan(visit) {
      for (const [name, record] of [...records]) {
        const fate = visit(record)
        if (fate === 'remove') records.delete(name)
        else if (fate !== 'keep') records.set(name, { ...record, value: copy(fate) })
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
