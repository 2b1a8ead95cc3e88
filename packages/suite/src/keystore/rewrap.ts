import { KeystoreError } from './errors.ts'
import { eitherWrapper } from './master-key/either.ts'
import type { KeyWrapper, StoreVersion } from './master-key/key-wrapper.ts'
import type { Surroundings } from './surroundings.ts'
import { wrappedLayoutV1 } from './v1/wrapped-files.ts'
import { wrappedLayoutV2 } from './v2/wrapped-files.ts'
import type { WrappedFile, WrappedLayout } from './wrapped-layout.ts'

const layouts: Readonly<Record<StoreVersion, WrappedLayout>> = {
  v1: wrappedLayoutV1,
  v2: wrappedLayoutV2,
}

/** A store and its two master keys. */
export interface RewrapSettings extends Omit<Surroundings, 'wrapper'> {
  readonly version: StoreVersion
  readonly from: KeyWrapper
  readonly to: KeyWrapper
  /** Called for every file that is done. */
  readonly advance: () => void
}

/** How a store stands between two master keys. */
export interface RewrapState {
  /** Under the old master key. */
  readonly pending: readonly WrappedFile[]
  /** Under the new one already. */
  readonly done: readonly WrappedFile[]
  /** Under neither; the message of each names the file. */
  readonly unreadable: readonly KeystoreError[]
}

/** Files that are worked on at once. */
const AT_ONCE = 32
/** Files for which the store is locked at a time: other writers get their turn in between. */
const BATCH_SIZE = 1024

/** Looks at every file and changes nothing. Throws KeystoreError `master-key-malformed` where both master keys are one. */
export async function rewrapState(settings: RewrapSettings): Promise<RewrapState> {
  const { storage, version, from, to, advance } = settings
  const layout = layouts[version]
  const pending: WrappedFile[] = []
  const done: WrappedFile[] = []
  const unreadable: KeystoreError[] = []
  await eachAtOnce(await layout.files(await storage.names()), async (file) => {
    const place = storage.locate(file.path, 'private')
    try {
      const content = await storage.read(file.path, 'private')
      if (content === null) return
      if (await layout.opens(file, content, place, to)) {
        if (await layout.opens(file, content, place, from)) throw sameTwice()
        done.push(file)
      } else if (await layout.opens(file, content, place, from)) pending.push(file)
      else unreadable.push(neither(place))
    } catch (error) {
      if (!(error instanceof KeystoreError) || error.code === 'master-key-malformed') throw error
      unreadable.push(error)
    }
    advance()
  })
  return { pending, done, unreadable }
}

/**
 * Wraps every file that the old master key opens under the new one; others are left alone. Each file is replaced at once, so that it is under the
 * old or the new one whenever this is cut off, and it may be called again.
 */
export async function rewrapFiles(
  settings: RewrapSettings,
  files: readonly WrappedFile[],
): Promise<void> {
  for (let at = 0; at < files.length; at += BATCH_SIZE)
    await rewrapBatch(settings, files.slice(at, at + BATCH_SIZE))
}

async function rewrapBatch(settings: RewrapSettings, files: readonly WrappedFile[]): Promise<void> {
  const { storage, version, from, to, advance, warn, now } = settings
  const layout = layouts[version]
  await storage.exclusively(async (writer) => {
    await layout.mend(writer, { storage, wrapper: eitherWrapper(to, from), warn, now })
    await eachAtOnce(files, async (file) => {
      const content = await storage.read(file.path, 'private')
      const place = storage.locate(file.path, 'private')
      // Null: destroyed since it was looked at.
      if (content !== null && !(await layout.opens(file, content, place, to))) {
        const time = new Date(Number(now() / 1_000_000n))
        const wrapped = await layout.rewrap(file, content, place, from, to, time)
        const staged = await writer.stage(file.path, wrapped, 'private')
        await staged.commit({ settleLater: true })
      }
      advance()
    })
    await writer.settle?.()
  })
}

/** Files that do not open under the new master key, or still under the old one. Empty is the proof that the old one is not needed any more. */
export async function unprovenFiles(settings: RewrapSettings): Promise<readonly string[]> {
  const { storage, version, from, to, advance } = settings
  const layout = layouts[version]
  const unproven: string[] = []
  await eachAtOnce(await layout.files(await storage.names()), async (file) => {
    const place = storage.locate(file.path, 'private')
    const content = await storage.read(file.path, 'private')
    advance()
    if (content === null) return
    const isNew = await layout.opens(file, content, place, to)
    if (!isNew || (await layout.opens(file, content, place, from))) unproven.push(place)
  })
  return unproven
}

async function eachAtOnce<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const rest = items.values()
  const worker = async () => {
    for (const item of rest) await work(item)
  }
  const workers = await Promise.allSettled(Array.from({ length: AT_ONCE }, worker))
  for (const outcome of workers) if (outcome.status === 'rejected') throw outcome.reason
}

function neither(place: string): KeystoreError {
  return new KeystoreError(
    'keystore-key-unreadable',
    `failed to unprotect data: ${place} opens under neither the old nor the new master key; "acra-keys check" tells more`,
  )
}

function sameTwice(): KeystoreError {
  return new KeystoreError(
    'master-key-malformed',
    'the new master key is the old one: make another with acra-keymaker --generate_master_key=FILE',
  )
}
