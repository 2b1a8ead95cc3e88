import {
  type EnvelopeOpener,
  identify,
  mayHoldEnvelope,
  openEnvelopes,
  openerOf,
  type Sink,
} from '@acra-ts/crypto'
import { explained, type Soon, soon } from '../foundation/index.ts'
import { encryptedColumn, kept } from './encrypt.ts'
import type { ColumnSetting, Masking } from './settings/index.ts'
import type { Access, Column, Transform } from './transform.ts'

/** Part of a value stays in the clear; what the client cannot open of the rest is shown as a pattern. */
export const masking: Transform = {
  name: 'masking',
  column: (setting) => (setting.masking === null ? null : maskedColumn(setting, setting.masking)),
}

/**
 * Stored are the first or last `plainSize` bytes as they are and the envelope of the rest; of a value that has no more, its envelope alone
 * (spec: acra-envelopes §6). An envelope that the application supplies, as the whole value or as its hidden part, is kept as in
 * a column that is only encrypted. In a column of text no character is cut: what is not shown as a whole is hidden.
 */
function maskedColumn(setting: ColumnSetting, mask: Masking): Column {
  const hidden = encryptedColumn(setting)
  const protectNew = (plain: Uint8Array, access: Access, out: Sink): Soon<void> => {
    const cut = cutOf(plain, mask, setting.dataType === 'str')
    if (plain.length <= mask.plainSize) return hidden.protect(plain, access, out)
    const before = out.length
    if (mask.side === 'right') {
      const done = hidden.protect(plain.subarray(0, cut), access, out)
      return soon(done, () => append(out, plain.subarray(cut)))
    }
    append(out, plain.subarray(0, cut))
    return explained(
      () => hidden.protect(plain.subarray(cut), access, out),
      (error) => {
        out.truncate(before)
        return error
      },
    )
  }
  const keep: Column['keep'] = (stored, access, out) =>
    setting.onEnvelope === 'seal' ? false : keptMasked(setting, mask, stored, access, out)
  return {
    search: null,
    keep,
    protect: (plain, access, out) =>
      soon(keep(plain, access, out), (isKept) =>
        isKept ? undefined : protectNew(plain, access, out),
      ),
    reveal: (stored, access, out) => revealMasked(stored, mask.pattern, access, out),
  }
}

/** Bytes of a character beyond its first, at most: by so many the plain part of a text may be shorter. */
const CUT_SHORTER_MAX = 3

/** Keeps a value whose hidden part is an envelope that opens: all of it, or all but a plain part as long as the setting says. */
function keptMasked(
  setting: ColumnSetting,
  { side, plainSize }: Masking,
  stored: Uint8Array,
  access: Access,
  out: Sink,
): Soon<boolean> {
  if (identify(stored)?.whole) return kept(setting, stored, access, out, false)
  const shortest = Math.max(1, setting.dataType === 'str' ? plainSize - CUT_SHORTER_MAX : plainSize)
  for (let size = plainSize; size >= shortest; size--) {
    const [start, end] = side === 'left' ? [size, stored.length] : [0, stored.length - size]
    if (end <= start || !identify(stored, start, end)?.whole) continue
    const before = out.length
    append(out, stored.subarray(0, start))
    return soon(kept(setting, stored.subarray(start, end), access, out, false), (isKept) => {
      if (isKept) append(out, stored.subarray(end))
      else out.truncate(before)
      return isKept
    })
  }
  return false
}

/** Where the plain part ends, or on the right begins. */
function cutOf(plain: Uint8Array, { side, plainSize }: Masking, isText: boolean): number {
  let cut = side === 'left' ? plainSize : plain.length - plainSize
  const step = side === 'left' ? -1 : 1
  while (isText && cut > 0 && cut < plain.length && isContinuation(plain[cut])) cut += step
  return cut
}

/** Whether a byte of UTF-8 goes on with the character before it. */
function isContinuation(byte: number): boolean {
  return (byte & 0xc0) === 0x80
}

function revealMasked(
  stored: Uint8Array,
  pattern: Uint8Array,
  access: Access,
  out: Sink,
): Soon<boolean> {
  if (!mayHoldEnvelope(stored, 0, stored.length)) return false
  return access.keys.toOpen(
    access.clientId,
    (keys) => {
      const opener = openerOf(keys.blockKeys, keys.structKeys, keys.context)
      const masked = maskingOpener(opener, pattern, access)
      return openEnvelopes(stored, 0, stored.length, masked, out)
    },
    (kind, error) => access.observer?.keysFailed(kind, error),
  )
}

/** Opens every envelope: into its plaintext, else into the pattern. */
function maskingOpener(
  opener: EnvelopeOpener,
  pattern: Uint8Array,
  { observer }: Access,
): EnvelopeOpener {
  return {
    open(kind, bytes, start, end, out) {
      if (opener.open(kind, bytes, start, end, out)) observer?.opened(kind)
      else {
        observer?.notOpened(kind)
        append(out, pattern)
      }
      return true
    },
  }
}

function append(out: Sink, bytes: Uint8Array): void {
  const at = out.reserve(bytes.length)
  out.bytes.set(bytes, at)
}
