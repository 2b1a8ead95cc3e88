import { isZoneId, type Purpose } from '../keystore/index.ts'

/** Begins the owner of a zone's keys: no client id has a slash in it. */
const ZONE = 'zone/'
const NOTHING = new Uint8Array(0)

/** Whose keys seal and open: a client id, or `zone/` and the id of a zone. */
export type KeyOwner = string

/** Where the keys of an owner stand. */
export interface OwnedKeys {
  /** The id of the client or zone. */
  readonly id: string
  readonly symmetric: Purpose
  readonly pair: Purpose
  /** Goes into every envelope: the id of a zone, nothing for a client. spec: acra-envelopes §8 */
  readonly context: Uint8Array
}

export function zoneOwner(zoneId: string): KeyOwner {
  return ZONE + zoneId
}

/** Whether an owner is a zone. */
export function isZone(owner: KeyOwner): boolean {
  return owner.startsWith(ZONE)
}

export function ownedKeys(owner: KeyOwner): OwnedKeys {
  if (!owner.startsWith(ZONE))
    return { id: owner, symmetric: 'storage-symmetric', pair: 'storage', context: NOTHING }
  const id = owner.slice(ZONE.length)
  return { id, symmetric: 'zone-symmetric', pair: 'zone', context: contextOf(owner) }
}

/** The context of an owner's envelopes. */
export function contextOf(owner: KeyOwner): Uint8Array {
  return owner.startsWith(ZONE) ? Buffer.from(owner.slice(ZONE.length)) : NOTHING
}

/** How messages name an owner: `client "someid"`. */
export function ownerName(owner: KeyOwner): string {
  return owner.startsWith(ZONE) ? `zone "${owner.slice(ZONE.length)}"` : `client "${owner}"`
}

/** Size of a zone's id, in bytes. */
const ZONE_ID_SIZE = 24
const LETTER_D = 0x44
const BACKSLASH = 0x5c
/** `\x` and two digits for each byte. */
const ZONE_ID_HEX_SIZE = 2 + 2 * ZONE_ID_SIZE

/** The id of a zone that a cell begins with, as text or as bytea in hex form; null where it begins with none. Most cells take one comparison. */
export function zoneIdIn(bytes: Buffer, start: number, end: number): string | null {
  const first = bytes[start]
  if (first !== LETTER_D && first !== BACKSLASH) return null
  const isHex = first === BACKSLASH
  const size = isHex ? ZONE_ID_HEX_SIZE : ZONE_ID_SIZE
  if (end - start < size) return null
  const text = bytes.toString('latin1', start, start + size)
  const id = isHex ? Buffer.from(text.slice(2), 'hex').toString('latin1') : text
  return isZoneId(id) ? id : null
}
