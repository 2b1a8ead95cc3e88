import {
  ageFinding,
  type Finding,
  type Inspection,
  type InspectionSettings,
  remedies,
} from '../inspection.ts'
import { diagnoseRing } from './diagnosis.ts'
import { keyStates } from './key-ring.ts'
import { type NamedRing, namedRings } from './listing.ts'
import { decodeRingFile } from './ring-file.ts'
import { isPublicOnly, livingKeys } from './ring-keys.ts'

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
  const found = await diagnoseRing(ref, settings)
  if (found !== null) return [found]
  const content = await storage.read(file, 'private')
  if (content === null) return []
  const finding = (kind: Finding['kind'], message: string, remedy: string): Finding[] => [
    { kind, ref, place, message, remedy },
  ]
  const ring = await decodeRingFile(ref, content, place, wrapper)
  const living = livingKeys(ring)
  if (living.length === 0)
    return finding(
      'missing-current',
      'every version was destroyed',
      'make a new version: acra-keys generate',
    )
  if (
    ring.keys.some(({ seqnum, state }) => seqnum === ring.current && state === keyStates.destroyed)
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
}
