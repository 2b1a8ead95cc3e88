/**
 * What every envelope begins with (spec acra-envelopes, sections 1 to 3), as it stands in a row: raw in binary format and in bytea's
 * escape form, as digits in its hex form.
 */
const tags = ['%%%', '""""', '252525', '22222222'].map((tag) => Buffer.from(tag))

/** No envelope is shorter, in any text form (spec acra-envelopes, section 2: 138 bytes and the value). */
export const ENVELOPE_SIZE_MIN = 139

/** False only where no envelope of any form is in `bytes[start, end)`: then its rows need not be cut. */
export function mayHoldEnvelope(bytes: Buffer, start: number, end: number): boolean {
  // Answers of a small row or two are as short: for them the search would be a large part of the work.
  if (end - start < ENVELOPE_SIZE_MIN) return false
  const part = start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end)
  for (const tag of tags) if (part.includes(tag)) return true
  return false
}

const CONTAINER_BYTE = 0x25
const CONTAINER_TAG_SIZE = 3
const BARE_BYTE = 0x22
const BARE_TAG_SIZE = 4
const DIGIT_2 = 0x32
const DIGIT_5 = 0x35

/** Whether `%%%` or `""""` stands in `[start, end)`. Looks at every third byte: a tag cannot lie between two of them. */
export function hasTag(bytes: Buffer, start: number, end: number): boolean {
  for (let at = start + 2; at < end; at += CONTAINER_TAG_SIZE) {
    const byte = bytes[at]
    if (byte !== CONTAINER_BYTE && byte !== BARE_BYTE) continue
    let first = at
    let last = at
    while (first > start && bytes[first - 1] === byte) first--
    while (last + 1 < end && bytes[last + 1] === byte) last++
    if (last - first + 1 >= (byte === CONTAINER_BYTE ? CONTAINER_TAG_SIZE : BARE_TAG_SIZE))
      return true
  }
  return false
}

/** The same for hex digits, a pair for each byte: `252525` or `22222222`. */
export function hasTagInHex(bytes: Buffer, start: number, end: number): boolean {
  for (let at = start + 4; at + 1 < end; at += 2 * CONTAINER_TAG_SIZE) {
    const low = bytes[at + 1]
    if (bytes[at] !== DIGIT_2 || (low !== DIGIT_5 && low !== DIGIT_2)) continue
    const isPair = (pair: number) => bytes[pair] === DIGIT_2 && bytes[pair + 1] === low
    let first = at
    let last = at
    while (first > start && isPair(first - 2)) first -= 2
    while (last + 3 < end && isPair(last + 2)) last += 2
    const count = (last - first) / 2 + 1
    if (count >= (low === DIGIT_5 ? CONTAINER_TAG_SIZE : BARE_TAG_SIZE)) return true
  }
  return false
}
