import {
  identify,
  openEnvelopes,
  openerOf,
  SEARCH_HASH_SIZE,
  SEARCH_HASH_TAG,
  type SearchKey,
  type Sink,
} from '@acra-ts/crypto'
import { BufferSink, explained, lastly, type Soon, soon } from '../foundation/index.ts'
import { anyColumn } from './any-column.ts'
import { keyMissing, nameOf, seal } from './seal.ts'
import type { ColumnSetting } from './settings/index.ts'
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
 * column's own client, or of the connection's. An envelope that the application supplies is kept, and opened for its hash;
 * so is one that has a hash already, which is made anew. An empty value stays empty.
 */
function searchableColumn(setting: ColumnSetting): Column {
  return {
    reveal: anyColumn.reveal,
    search: searchOf(setting),
    protect(plain, access, out) {
      if (plain.length === 0) return
      const clientId = setting.clientId ?? access.clientId
      const envelopeAt = suppliedEnvelopeAt(plain)
      if (envelopeAt === null) {
        return withHash(setting, clientId, plain, access, out, () =>
          seal(setting, clientId, plain, access, out),
        )
      }
      const envelope = plain.subarray(envelopeAt)
      return withOpened(setting, clientId, envelope, access, (opened) =>
        withHash(setting, clientId, opened, access, out, () => append(out, envelope)),
      )
    },
  }
}

function searchOf(setting: ColumnSetting): Search {
  return {
    prefixSize: SEARCH_HASH_SIZE,
    forms(plain, access) {
      if (plain.length === 0) return [plain]
      const clientId = setting.clientId ?? access.clientId
      const hashes = (value: Uint8Array) =>
        hashed(setting, clientId, access, (keys) => keys.map((key) => key.hash(value)))
      const envelopeAt = suppliedEnvelopeAt(plain)
      if (envelopeAt === null) return hashes(plain)
      return withOpened(setting, clientId, plain.subarray(envelopeAt), access, hashes)
    },
  }
}

/** Where the envelope begins that a value consists of, with a search hash before it or without; null where it is a plaintext. */
function suppliedEnvelopeAt(plain: Uint8Array): number | null {
  if (identify(plain)?.whole) return 0
  const isHashed = plain.length > SEARCH_HASH_SIZE && plain[0] === SEARCH_HASH_TAG
  return isHashed && identify(plain, SEARCH_HASH_SIZE)?.whole ? SEARCH_HASH_SIZE : null
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

/** What `next` makes of the plaintext of an envelope. Throws TransformError where it cannot be opened. */
function withOpened<R>(
  setting: ColumnSetting,
  clientId: string,
  envelope: Uint8Array,
  access: Access,
  next: (plain: Uint8Array) => Soon<R>,
): Soon<R> {
  const opened = new BufferSink()
  return lastly(
    () =>
      access.keys.toOpen(
        clientId,
        ({ blockKeys, structKeys }) => {
          const opener = openerOf(blockKeys, structKeys)
          if (!openEnvelopes(envelope, 0, envelope.length, opener, opened)) {
            const text = `an envelope given for ${nameOf(setting)} cannot be opened with the keys of client "${clientId}", so that it has no search hash`
            throw new TransformError('transform-not-hashed', text)
          }
          return next(opened.bytes.subarray(0, opened.length))
        },
        (kind, error) => access.observer?.keysFailed(kind, error),
      ),
    () => opened.truncate(0),
  )
}

function append(out: Sink, bytes: Uint8Array): void {
  const at = out.reserve(bytes.length)
  out.bytes.set(bytes, at)
}
