import { KeystoreError } from '../errors.ts'
import {
  ageFinding,
  type Finding,
  type Inspection,
  type InspectionSettings,
  remedies,
} from '../inspection.ts'
import { keyOfSecret } from '../key-bytes.ts'
import { type KeyRef, purposes } from '../key-ref.ts'
import type { WrappedFile } from '../wrapped-layout.ts'
import { diagnoseFile, suspectsIn } from './diagnosis.ts'
import { contextsOf, historyFolder, privateFile, publicFile } from './file-names.ts'
import { namedFiles } from './listing.ts'
import { openKey } from './opening.ts'
import { timestampTime } from './timestamp.ts'
import { historyNames } from './versions.ts'
import { wrappedLayoutV1 } from './wrapped-files.ts'

/** Owners whose contexts are tried on a file that does not open. */
const OWNERS_TRIED_MAX = 20_000

/** Looks at every file of a keystore v1. */
export const inspectV1: Inspection = async (settings) => {
  const { storage, advance } = settings
  const names = await storage.names()
  const findings: Finding[] = []
  const orphan = (path: string) => findings.push(orphanAt(storage.locate(path, 'private')))
  const current = await namedFiles(names, orphan)
  const wrapped = await wrappedLayoutV1.files(names)
  const suspects = await suspectsIn(names, OWNERS_TRIED_MAX)
  let sound = 0
  for (const file of wrapped) {
    const found = await diagnoseFile(file, suspects, settings)
    if (found === null) sound++
    else findings.push(found)
    advance()
  }
  const privates = new Set(
    current.filter((file) => !file.isPublic).map(({ ref }) => privateFile(ref)),
  )
  findings.push(...historyWithoutCurrent(wrapped, privates, settings))
  for (const { ref, isPublic } of current)
    if (!isPublic) findings.push(...(await inspectCurrent(ref, settings)))
    else if (!privates.has(privateFile(ref))) findings.push(...publicAlone(ref, settings))
  return { findings, sound }
}

function historyWithoutCurrent(
  wrapped: readonly WrappedFile[],
  privates: ReadonlySet<string>,
  { storage }: InspectionSettings,
): Finding[] {
  const lost = new Map<string, KeyRef>()
  for (const { ref } of wrapped)
    if (!privates.has(privateFile(ref))) lost.set(privateFile(ref), ref)
  return [...lost].map(([file, ref]) => ({
    kind: 'missing-current',
    ref,
    place: storage.locate(file, 'private'),
    message: `there are earlier versions in ${historyFolder(file)}, and no current one: they are not read`,
    remedy: `${remedies.backup}, or make a new version: acra-keys generate`,
  }))
}

/** Age, and the public half. */
async function inspectCurrent(ref: KeyRef, settings: InspectionSettings): Promise<Finding[]> {
  const { storage } = settings
  const file = privateFile(ref)
  const age = ageFinding(
    ref,
    storage.locate(file, 'private'),
    await madeAt(file, settings),
    settings,
  )
  if (purposes[ref.purpose].kind === 'symmetric') {
    if (contextsOf(ref).length > 0) return age
    return [...age, ...(await inspectBare(ref, settings))]
  }
  return [...age, ...(await inspectPublic(ref, settings))]
}

/** A key that stands there bare. */
async function inspectBare(ref: KeyRef, { storage }: InspectionSettings): Promise<Finding[]> {
  const place = storage.locate(privateFile(ref), 'private')
  try {
    const content = await storage.read(privateFile(ref), 'private')
    const isKey = content === null || keyOfSecret('symmetric', content) !== null
    content?.fill(0)
    if (isKey) return []
    const message = 'this is not a key any more'
    return [{ kind: 'overwritten', ref, place, message, remedy: remedies.backup }]
  } catch (error) {
    if (!(error instanceof KeystoreError)) throw error
    const { message } = error
    return [{ kind: 'permissions', ref, place, message, remedy: 'do what the message says' }]
  }
}

async function inspectPublic(ref: KeyRef, settings: InspectionSettings): Promise<Finding[]> {
  const { storage } = settings
  const place = storage.locate(publicFile(ref), 'public')
  const expected = await publicHalf(ref, settings)
  if (expected === null) return []
  const found = await storage.read(publicFile(ref), 'public')
  if (found?.equals(expected)) return []
  const [kind, message] =
    found === null
      ? (['missing-public', 'the public half of the pair is missing'] as const)
      : (['wrong-public', 'does not belong to the private key beside it'] as const)
  return [{ kind, ref, place, message, remedy: remedies.public }]
}

/** Null where the private half does not open, which is told already. */
async function publicHalf(
  ref: KeyRef,
  { storage, wrapper }: InspectionSettings,
): Promise<Uint8Array | null> {
  try {
    const content = await storage.read(privateFile(ref), 'private')
    if (content === null) return null
    const { secret, publicKey } = await openKey(ref, content, '', wrapper)
    secret.fill(0)
    return publicKey
  } catch (error) {
    if (error instanceof KeystoreError) return null
    throw error
  }
}

/** Of a peer only the public half of a transport key is here. */
function publicAlone(ref: KeyRef, { storage }: InspectionSettings): Finding[] {
  if (ref.purpose.startsWith('transport-')) return []
  const place = storage.locate(privateFile(ref), 'private')
  const message = 'only the public half of the pair is here: it encrypts, and nothing can be read'
  return [{ kind: 'missing-private', ref, place, message, remedy: remedies.backup }]
}

/** The time of the last rotation, else that of the file. */
async function madeAt(file: string, { storage }: InspectionSettings): Promise<Date | null> {
  const newest = (await historyNames(storage, file, 'private')).at(-1)
  const time = newest === undefined ? null : timestampTime(newest)
  if (time !== null) return new Date(Number(time / 1_000_000n))
  return (await storage.modifiedAt?.(file, 'private')) ?? null
}

function orphanAt(place: string): Finding {
  const message = 'this is no key, or has the name of none'
  return { kind: 'orphan', ref: null, place, message, remedy: 'move it out of the key folder' }
}
