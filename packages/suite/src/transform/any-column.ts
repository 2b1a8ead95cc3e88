import {
  type EnvelopeKind,
  type EnvelopeOpener,
  mayHoldEnvelope,
  openEnvelopes,
  openerOf,
  type Sink,
} from '@acra-ts/crypto'
import type { Soon } from '../foundation/index.ts'
import type { OpeningKeys } from './keys-in-use.ts'
import type { Access, Column, ValueObserver } from './transform.ts'

/**
 * How any stored value is revealed, whether its column is configured or not: every envelope in it that the connection's client can
 * open gives way to its plaintext, the rest stays as it is (spec: acra-envelopes §3.1).
 */
export const anyColumn: Pick<Column, 'reveal'> = {
  reveal(stored: Uint8Array, access: Access, out: Sink): Soon<boolean> {
    const { length } = stored
    if (!mayHoldEnvelope(stored, 0, length)) return false
    return access.keys.toOpen(
      access.clientId,
      (keys) => openEnvelopes(stored, 0, length, observedOpener(keys, access.observer), out),
      (kind, error) => access.observer?.keysFailed(kind, error),
    )
  },
}

function observedOpener(keys: OpeningKeys, observer: ValueObserver | null): EnvelopeOpener {
  const opener = openerOf(keys.blockKeys, keys.structKeys)
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
