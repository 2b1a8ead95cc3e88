import { SEARCH_HASH_SIZE, type SearchKey, type Sink } from '@acra-ts/crypto'
import { explained, type Soon, soon } from '../foundation/index.ts'
import { anyColumn } from './any-column.ts'
import { keyMissing, nameOf, seal } from './seal.ts'
import type { ColumnSetting } from './settings/index.ts'
import { withSupplied } from './supplied.ts'
import {
  type Access,
  type Column,
  type Search,
  type Transform,
  TransformError,
} from './transform.ts'

/** Encryption with a search hash before the envelope, by which equal values are found. */
export const searching: Transform = {
  name: 'searchable encryption',
  column: (setting) => (setting.searchable ? searchableColumn(setting) : null),
}

/**
 * Stored is the search hash of the plaintext, then its envelope (spec: acra-envelopes §5). Hash and envelope are made with the keys of the
 * column's own client, or of the connection's. An envelope that the application supplies is kept, and its hash put before it, without which it
 * would not be found; one that has its hash is kept with that. An empty value stays empty.
 */
function searchableColumn(setting: ColumnSetting): Column {
  const keep: Column['keep'] = (stored, access, out) => {
    if (setting.onEnvelope === 'seal') return false
    const clientId = setting.clientId ?? access.clientId
    return withSupplied(setting, clientId, stored, access, (supplied) => {
      if (supplied === null) return false
      if (!supplied.isHashed) {
        const done = withHash(setting, clientId, supplied.plain, access, out, () =>
          append(out, stored),
        )
        return soon(done, () => true)
      }
      append(out, stored)
      return true
    })
  }
  return {
    reveal: anyColumn.reveal,
    search: searchOf(setting),
    keep,
    protect(plain, access, out) {
      if (plain.length === 0) return
      const clientId = setting.clientId ?? access.clientId
      return soon(keep(plain, access, out), (isKept) =>
        isKept
          ? undefined
          : withHash(setting, clientId, plain, access, out, () =>
              seal(setting, clientId, plain, access, out),
            ),
      )
    },
  }
}

function searchOf(setting: ColumnSetting): Search {
  const hashes = (value: Uint8Array, access: Access) =>
    hashed(setting, setting.clientId ?? access.clientId, access, (keys) =>
      keys.map((key) => key.hash(value)),
    )
  const keptForms: Search['keptForms'] = (stored, access) => {
    if (setting.onEnvelope === 'seal') return null
    const clientId = setting.clientId ?? access.clientId
    return withSupplied(setting, clientId, stored, access, (supplied) =>
      supplied === null ? null : hashes(supplied.plain, access),
    )
  }
  return {
    prefixSize: SEARCH_HASH_SIZE,
    keptForms,
    forms(plain, access) {
      if (plain.length === 0) return [plain]
      return soon(keptForms(plain, access), (known) => known ?? hashes(plain, access))
    },
  }
}

/** Appends the newest key's hash of `plain` and what `next` appends; takes both back where `next` fails. */
function withHash(
  setting: ColumnSetting,
  clientId: string,
  plain: Uint8Array,
  access: Access,
  out: Sink,
  next: () => Soon<void>,
): Soon<void> {
  const mark = out.length
  const done = hashed(setting, clientId, access, ([newest]) => append(out, newest.hash(plain)))
  return explained(
    () => soon(done, next),
    (error) => {
      out.truncate(mark)
      return error
    },
  )
}

/** What `next` makes with the search keys of the client: at least one. Throws TransformError where there is none. */
function hashed<R>(
  setting: ColumnSetting,
  clientId: string,
  access: Access,
  next: (keys: readonly SearchKey[]) => R,
): Soon<R> {
  return explained(
    () =>
      access.keys.toHash(clientId, (keys) => {
        if (keys.length === 0) throw keyMissing(setting, clientId, 'search key')
        return next(keys)
      }),
    (cause) => {
      if (cause instanceof TransformError) return cause
      const text = `the search key of client "${clientId}" cannot be had, so that ${nameOf(setting)} cannot be searched or encrypted`
      return new TransformError('transform-not-hashed', text, { cause })
    },
  )
}

function append(out: Sink, bytes: Uint8Array): void {
  const at = out.reserve(bytes.length)
  out.bytes.set(bytes, at)
}
