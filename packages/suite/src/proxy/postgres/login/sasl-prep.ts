/**
 * SASLprep (RFC 4013) as PostgreSQL applies it to passwords: other spaces become a space, characters that are commonly mapped to nothing
 * vanish, the rest is normalized by NFKC. A password that SASLprep forbids is taken as it is.
 */
export function saslPrep(password: string): string {
  if (/^[\x20-\x7e]*$/.test(password)) return password
  const mapped = password.replace(OTHER_SPACES, ' ').replace(MAPPED_TO_NOTHING, '')
  const prepared = mapped.normalize('NFKC')
  const isForbidden = prepared === '' || PROHIBITED.test(prepared) || !isBidirectional(prepared)
  return isForbidden ? password : prepared
}

/** RFC 3454, table C.1.2. */
const OTHER_SPACES = /[\u00a0\u1680\u2000-\u200b\u202f\u205f\u3000]/g
/** RFC 3454, table B.1. */
const MAPPED_TO_NOTHING =
  /\u00ad|\u034f|\u1806|[\u180b-\u180d]|[\u200c\u200d]|\u2060|[\ufe00-\ufe0f]|\ufeff/g
/** RFC 3454, tables C.2.1 to C.9, and code points that were unassigned in Unicode 3.2 as far as they are now. */
const PROHIBITED =
  /[\p{Cc}\p{Co}\p{Cs}\p{Cn}\u06dd\u070f\u180e\u200e\u200f\u2028-\u202e\u2061-\u2063\u206a-\u206f\u2ff0-\u2ffb\ufff9-\ufffd\u{1d173}-\u{1d17a}\u{e0001}\u{e0020}-\u{e007f}]/u

/** RFC 3454, section 6: text from right to left begins and ends so, and holds none from left to right. */
function isBidirectional(text: string): boolean {
  const fromRight = /[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}]/u
  if (!fromRight.test(text)) return true
  const characters = [...text]
  const hasLatin = /\p{Script=Latin}|\p{Script=Greek}|\p{Script=Cyrillic}|\p{Script=Han}/u.test(
    text,
  )
  return !hasLatin && fromRight.test(characters[0]!) && fromRight.test(characters.at(-1)!)
}
