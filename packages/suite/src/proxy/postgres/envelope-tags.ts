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
