import { isPublicKey } from '@acra-ts/crypto'
import { KeystoreError } from '../errors.ts'
import { type Finding, type InspectionSettings, remedies } from '../inspection.ts'
import { titleOf } from '../key-errors.ts'
import type { KeyRef } from '../key-ref.ts'
import { wipeKeys } from '../keystore.ts'
import { DerError } from './der.ts'
import { decodeKeyRing } from './key-ring.ts'
import { decodeRingFile, isRingSigned } from './ring-file.ts'
import { openRingKeys } from './ring-keys.ts'
import { readRingFile, ringFile, ringPath } from './ring-names.ts'
import { contentTypes, decodeSignedContainer } from './signed-container.ts'

/** What is wrong with the file of a ring; null where it opens as it should, or is not there. */
export async function diagnoseRing(
  ref: KeyRef,
  { storage, wrapper }: Pick<InspectionSettings, 'storage' | 'wrapper'>,
): Promise<Finding | null> {
  const file = ringFile(ringPath(ref))
  const place = storage.locate(file, 'private')
  const finding = (kind: Finding['kind'], message: string, remedy: string): Finding => {
    return { kind, ref, place, message, remedy }
  }
  let content: Buffer | null
  try {
    content = await storage.read(file, 'private')
  } catch (error) {
    if (!(error instanceof KeystoreError)) throw error
    return finding('permissions', error.message, 'do what the message says')
  }
  if (content === null) return null
  const purpose = purposeIn(content)
  if (purpose === null)
    return finding(
      'overwritten',
      isPublicKey(content)
        ? 'this is a public key, and no key ring'
        : 'this is not a key ring any more',
      remedies.backup,
    )
  if (purpose !== ringPath(ref)) {
    if (!(await isRingSigned(content, purpose, wrapper)))
      return finding(
        'overwritten',
        'this is the ring of another key, and made with another master key',
        remedies.backup,
      )
    const home = readRingFile(ringFile(purpose))
    const title = home === null ? `ring ${purpose}` : titleOf(home)
    if ((await storage.read(ringFile(purpose), 'private'))?.equals(content))
      return finding('overwritten', `overwritten by a copy of the ${title}`, remedies.backup)
    return finding(
      'renamed',
      `this is the ${title} under another name`,
      `rename it back to ${storage.locate(ringFile(purpose), 'private')}`,
    )
  }
  try {
    const ring = await decodeRingFile(ref, content, place, wrapper)
    wipeKeys(await openRingKeys(ref, ring, place, wrapper))
    return null
  } catch (error) {
    if (!(error instanceof KeystoreError)) throw error
    return finding(
      'other-master-key',
      'made with another master key, or damaged',
      `${remedies.masterKey}, or ${remedies.backup}`,
    )
  }
}

/** The path that a ring says it has, whoever signed it; null where it is no ring. */
function purposeIn(content: Buffer): string | null {
  try {
    return decodeKeyRing(decodeSignedContainer(content, contentTypes.ring).data.whole).purpose
  } catch (error) {
    if (error instanceof DerError) return null
    throw error
  }
}
