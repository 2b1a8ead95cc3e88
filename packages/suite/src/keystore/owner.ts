import { KeystoreError } from './errors.ts'
import { type KeyRef, purposes } from './key-ref.ts'

const CLIENT_ID = /^[A-Za-z0-9_\- ]{5,256}$/
const ZONE_ID = /^D{8}[A-Za-z]{16}$/

/** The rule for client ids: 5 to 256 characters, ASCII letters and digits, `_`, `-`, space. spec: keystore §1 */
export function isClientId(id: string): boolean {
  return CLIENT_ID.test(id)
}

/** The rule for zone ids: eight `D` and sixteen ASCII letters. spec: keystore §1 */
export function isZoneId(id: string): boolean {
  return ZONE_ID.test(id)
}

/** Whether `owner` can own a key of this purpose. What passes holds no dot and no slash, so it is safe inside a path. */
export function isOwner(kind: 'client' | 'zone' | null, owner: string | null): boolean {
  if (kind === null) return owner === null
  if (owner === null) return false
  return kind === 'client' ? isClientId(owner) : isZoneId(owner)
}

/** Throws KeystoreError where `ref.owner` is not what its purpose asks for. Stands before every use of an owner in a path. */
export function checkOwner(ref: KeyRef): void {
  const { owner: kind, title } = purposes[ref.purpose]
  if (isOwner(kind, ref.owner)) return
  throw new KeystoreError('keystore-owner-invalid', sentences[kind ?? 'none'](title))
}

const sentences: Readonly<Record<'client' | 'zone' | 'none', (title: string) => string>> = {
  client: () =>
    "invalid client id: 5 to 256 characters, only ASCII digits and letters, '_', '-' and ' '",
  zone: () => "invalid zone id: eight letters 'D' and sixteen ASCII letters",
  none: (title) => `the ${title} belongs to the whole installation and takes no client id`,
}
