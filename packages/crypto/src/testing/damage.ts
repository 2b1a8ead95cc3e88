/** Ways of damaging bytes, for tests of what must be refused. */

/** Every byte in turn with one bit flipped, with all flipped, and every length cut short. */
export function* damaged(bytes: Uint8Array): Generator<{ what: string; bytes: Uint8Array }> {
  for (let at = 0; at < bytes.length; at++) {
    for (const mask of [0x01, 0x80, 0xff]) {
      const copy = bytes.slice()
      copy[at] ^= mask
      yield { what: `byte ${at} with ${mask} flipped`, bytes: copy }
    }
    yield { what: `cut to ${at} bytes`, bytes: bytes.slice(0, at) }
  }
}

const craftedLengths = [
  ...[0n, 1n, 7n, 11n, 12n, 13n, 17n, 18n, 43n, 44n, 45n, 0x7fn, 0xffn, 0x7fffn, 0xffffn],
  ...[2n ** 31n - 1n, 2n ** 31n, 2n ** 32n - 1n, 2n ** 32n, 2n ** 53n - 1n, 2n ** 53n],
  ...[2n ** 53n + 1n, 2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 14n, 2n ** 64n - 4n, 2n ** 64n - 1n],
]

/** `bytes` with every crafted length that fits written little- and big-endian into the `size` bytes at `at`. */
export function* withCraftedLengths(
  bytes: Uint8Array,
  at: number,
  size: 2 | 4 | 8,
): Generator<{ what: string; bytes: Uint8Array }> {
  for (const length of craftedLengths) {
    if (length >= 1n << BigInt(size * 8)) continue
    for (const order of ['little', 'big'] as const) {
      const copy = bytes.slice()
      for (let i = 0; i < size; i++) {
        const shift = BigInt(8 * (order === 'little' ? i : size - 1 - i))
        copy[at + i] = Number((length >> shift) & 0xffn)
      }
      yield { what: `${order}-endian length ${length} at ${at}`, bytes: copy }
    }
  }
}
