import {
  type EnvelopeKind,
  identify,
  openEnvelopes,
  openerOf,
  SEARCH_HASH_SIZE,
  SEARCH_HASH_TAG,
} from '@acra-ts/crypto'
import { BufferSink, lastly, type Soon, soon } from '../foundation/index.ts'
import { contextOf, ownerName } from './key-owner.ts'
import { nameOf } from './seal.ts'
import type { ColumnSetting } from './settings/index.ts'
import { type Access, TransformError } from './transform.ts'

/*
 * Values that are stored already: an envelope, or a search hash and an envelope, that somebody gives to be written again (a dump, AcraWriter).
 * What only looks like one, and what another client's keys open, is a value like any other.
 */

/** A given value that opens. */
export interface Supplied {
  readonly kind: EnvelopeKind
  /** A search hash stands before the envelope, and is that of the plaintext. */
  readonly isHashed: boolean
  /** To be overwritten by who made it: valid during the call that it is given to. */
  readonly plain: Uint8Array
}

/** Where the envelope begins that a value consists of, with a search hash before it or without; null where it is something else. */
function envelopeAt(value: Uint8Array): { at: number; kind: EnvelopeKind } | null {
  const whole = identify(value)
  if (whole?.whole) return { at: 0, kind: whole.kind }
  if (value.length <= SEARCH_HASH_SIZE || value[0] !== SEARCH_HASH_TAG) return null
  const behind = identify(value, SEARCH_HASH_SIZE)
  return behind?.whole ? { at: SEARCH_HASH_SIZE, kind: behind.kind } : null
}

/**
 * Gives `next` what a value is that the keys of `owner` open, null where they do not, or its search hash is that of something else. Throws
 * TransformError where the keys cannot be had: what may be an envelope is then neither kept nor sealed again.
 */
export function withSupplied<R>(
  setting: ColumnSetting,
  owner: string,
  value: Uint8Array,
  access: Access,
  next: (supplied: Supplied | null) => Soon<R>,
): Soon<R> {
  const found = envelopeAt(value)
  if (found === null) return next(null)
  const { at, kind } = found
  const out = new BufferSink()
  return lastly(
    () =>
      access.keys.toOpenGiven(
        owner,
        ({ blockKeys, structKeys }) => {
          const opener = openerOf(blockKeys, structKeys, contextOf(owner))
          if (!openEnvelopes(value, at, value.length, opener, out)) return next(null)
          const plain = out.bytes.subarray(0, out.length)
          if (at === 0) return next({ kind, isHashed: false, plain })
          return soon(isHashOf(setting, owner, value.subarray(0, at), plain, access), (isIts) =>
            next(isIts ? { kind, isHashed: true, plain } : null),
          )
        },
        (failed, error) => {
          if (failed === kind) throw notOpened(setting, owner, error)
        },
      ),
    () => out.truncate(0),
  )
}

function isHashOf(
  setting: ColumnSetting,
  owner: string,
  hash: Uint8Array,
  plain: Uint8Array,
  access: Access,
): Soon<boolean> {
  // Zones have no search keys.
  if (contextOf(owner).length > 0) return false
  return access.keys.toHash(
    owner,
    (keys) => keys.some((key) => key.matches(plain, hash)),
    (error) => {
      throw notOpened(setting, owner, error)
    },
  )
}

function notOpened(setting: ColumnSetting, owner: string, cause: unknown): TransformError {
  const text = `an envelope given for ${nameOf(setting)} cannot be looked into: the keys of ${ownerName(owner)} cannot be had`
  return new TransformError('transform-not-opened', text, { cause })
}
