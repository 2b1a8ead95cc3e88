import { KeystoreError } from '../errors.ts'
import { wipeKeys } from '../keystore.ts'
import type { WrappedLayout } from '../wrapped-layout.ts'
import { namedRings } from './listing.ts'
import { decodeRingFile, encodeRingFile } from './ring-file.ts'
import { openRingKeys, rewrapRingKeys } from './ring-keys.ts'

/** The rings of a keystore v2. Each is signed and wrapped by one master key as a whole. */
export const wrappedLayoutV2: WrappedLayout = {
  async files(names) {
    const rings = await namedRings(names, () => {})
    return rings.map(({ ref, file }) => ({ ref, path: file }))
  },
  async opens({ ref }, content, place, wrapper) {
    try {
      const ring = await decodeRingFile(ref, content, place, wrapper)
      wipeKeys(await openRingKeys(ref, ring, place, wrapper))
      return true
    } catch (error) {
      if (error instanceof KeystoreError && error.code === 'keystore-key-unreadable') return false
      throw error
    }
  },
  async rewrap({ ref }, content, place, from, to, now) {
    const ring = await decodeRingFile(ref, content, place, from)
    return encodeRingFile(ref, await rewrapRingKeys(ref, ring, place, from, to), now, to)
  },
  async mend(writer) {
    if (writer.interrupted) await writer.sweep()
  },
}
