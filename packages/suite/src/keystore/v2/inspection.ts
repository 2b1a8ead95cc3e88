import { KeystoreError } from '../errors.ts'
import {
  ageFinding,
  type Finding,
  type Inspection,
  type InspectionSettings,
  remedies,
} from '../inspection.ts'
import { wipeKeys } from '../keystore.ts'
import { DerError } from './der.ts'
import { decodeKeyRing, keyStates } from './key-ring.ts'
import { type NamedRing, namedRings } from './listing.ts'
import { decodeRingFile, isRingSigned } from './ring-file.ts'
import { isPublicOnly, livingKeys, openRingKeys } from './ring-keys.ts'
import { ringPath } from './ring-names.ts'
import { contentTypes, decodeSignedContainer } from './signed-container.ts'

/** Looks at every ring of a keystore v2. */
export const inspectV2: Inspection = async (settings) => {
  const { storage, advance } = settings
  const findings: Finding[] = []
  const rings = await namedRings(await storage.names(), (path) =>
    findings.push({
      kind: 'orphan',
      ref: null,
      place: storage.locate(path, 'private'),
      message: 'this is no key ring, or has the name of none',
      remedy: 'move it out of the key folder',
    }),
  )
  let sound = 0
  for (const ring of rings) {
    const found = await inspectRing(ring, settings)
    findings.push(...found)
    if (found.length === 0) sound++
    advance()
  }
  return { findings, sound }
}

async function inspectRing(
  { ref, file }: NamedRing,
  settings: InspectionSettings,
): Promise<Finding[]> {
  const { storage, wrapper } = settings
  const place = storage.locate(file, 'private')
  const finding = (kind: Finding['kind'], message: string, remedy: string): Finding[] => [
    { kind, ref, place, message, remedy },
  ]
  let content: Buffer | null
  try {
    content = await storage.read(file, 'private')
  } catch (error) {
    if (!(error instanceof KeystoreError)) throw error
    return finding('permissions', error.message, 'do what the message says')
  }
  if (content === null) return []
  const purpose = purposeIn(content)
  if (purpose === null)
    return finding('overwritten', 'this is not a key ring any more', remedies.backup)
  if (purpose !== ringPath(ref))
    return (await isRingSigned(content, purpose, wrapper))
      ? finding(
          'renamed',
          `this is the ring ${purpose} under another name`,
          'give it back the name that it had',
        )
      : finding('overwritten', 'this is the ring of another key and keystore', remedies.backup)
  try {
    const ring = await decodeRingFile(ref, content, place, wrapper)
    wipeKeys(await openRingKeys(ref, ring, place, wrapper))
    const living = livingKeys(ring)
    if (living.length === 0)
      return finding(
        'missing-current',
        'every version was destroyed',
        'make a new version: acra-keys generate',
      )
    if (
      ring.keys.some(
        ({ seqnum, state }) => seqnum === ring.current && state === keyStates.destroyed,
      )
    )
      return finding(
        'missing-current',
        'the current version was destroyed; earlier ones are used',
        'make a new version: acra-keys generate',
      )
    if (living.some((key) => isPublicOnly(ref, key)) && !ref.purpose.startsWith('transport-'))
      return finding(
        'missing-private',
        'only the public half of the pair is here: it encrypts, and nothing can be read',
        remedies.backup,
      )
    return ageFinding(ref, place, living[0]!.validSince, settings)
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
