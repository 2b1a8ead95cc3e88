/*
 * Whether a text is the form of bytes. No regular expression repeats a group here: of a text of some megabytes it would remember every
 * repetition, and fail for want of a stack.
 */

/** Standard base64 with padding. */
export function isBase64(text: string): boolean {
  if (text.length % 4 !== 0) return false
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0
  return !/[^A-Za-z0-9+/]/.test(text.slice(0, text.length - padding))
}

/** Pairs of hex digits. */
export function isHex(text: string): boolean {
  return text.length % 2 === 0 && !/[^0-9A-Fa-f]/.test(text)
}
