import {
  type EnvelopeKind,
  type EnvelopeOpener,
  identify,
  mayHoldEnvelope,
  openEnvelopes,
  openerOf,
  SEARCH_HASH_SIZE,
  SEARCH_HASH_TAG,
  type Sink,
} from '@acra-ts/crypto'
import { type Soon, soon } from '../foundation/index.ts'
import type { OpeningKeys } from './keys-in-use.ts'
import type { Access, Column, ValueObserver } from './transform.ts'

/**
 * How any stored value is revealed, whether its column is configured or not: every envelope in it that the connection's client can
 * open gives way to its plaintext, the rest stays as it is (spec: acra-envelopes §3.1). A search hash before an envelope is
 * dropped where it fits what is inside; where it does not, the value stays as it is (§5).
 */
export const anyColumn: Pick<Column, 'reveal'> = {
  reveal(stored: Uint8Array, access: Access, out: Sink): Soon<boolean> {
    if (!mayHoldEnvelope(stored, 0, stored.length)) return false
    return hasSearchHash(stored) ? revealHashed(stored, access, out) : open(stored, 0, access, out)
  },
}

/** Appends `stored` from `start` on, its envelopes opened. */
function open(stored: Uint8Array, start: number, access: Access, out: Sink): Soon<boolean> {
  return access.keys.toOpen(
    access.clientId,
    (keys) =>
      openEnvelopes(stored, start, stored.length, observedOpener(keys, access.observer), out),
    (kind, error) => access.observer?.keysFailed(kind, error),
  )
}

/** Whether an envelope follows on what may be a search hash. */
function hasSearchHash(stored: Uint8Array): boolean {
  return stored[0] === SEARCH_HASH_TAG && identify(stored, SEARCH_HASH_SIZE) !== null
}

function revealHashed(stored: Uint8Array, access: Access, out: Sink): Soon<boolean> {
  const mark = out.length
  return soon(open(stored, SEARCH_HASH_SIZE, access, out), (opened) => {
    if (!opened) return false
    return access.keys.toHash(
      access.clientId,
      (keys) => {
        const plain = out.bytes.subarray(mark, out.length)
        const hash = stored.subarray(0, SEARCH_HASH_SIZE)
        if (keys.some((key) => key.matches(plain, hash))) return true
        out.truncate(mark)
        access.observer?.notVerified()
        return false
      },
      (error) => access.observer?.keysFailed('search', error),
    )
  })
}

function observedOpener(keys: OpeningKeys, observer: ValueObserver | null): EnvelopeOpener {
  const opener = openerOf(keys.blockKeys, keys.structKeys, keys.context)
  if (observer === null) return opener
  return {
    open(kind: EnvelopeKind, bytes: Uint8Array, start: number, end: number, out: Sink): boolean {
      const opened = opener.open(kind, bytes, start, end, out)
      if (opened) observer.opened(kind)
      else observer.notOpened(kind)
      return opened
    },
  }
}
