import type { SealedBundle } from '../../keystore/bundle/index.ts'
import { flag, text } from '../../options/index.ts'
import { Refusal } from '../refusal.ts'
import { draftFile, readUserFile } from '../whole-file.ts'

/** The two files of a bundle. spec: cli-tools §6.2 */
export const bundleOptions = {
  key_bundle_file: text('', 'File of the keys, sealed'),
  key_bundle_secret: text('', 'File of what opens the keys; keep the two apart'),
} as const

/** Far above the keys of a hundred thousand clients. */
const BUNDLE_SIZE_MAX = 512 * 1024 * 1024
const SECRET_SIZE_MAX = 4096

interface BundlePaths {
  readonly key_bundle_file: string
  readonly key_bundle_secret: string
}

/** What `--force` of an export does. */
export const forceOption = flag(false, 'Replace files that exist already')

/** @throws Refusal where a path is missing, or both are the same */
export function checkBundlePaths({ key_bundle_file, key_bundle_secret }: BundlePaths): void {
  if (key_bundle_file === '' || key_bundle_secret === '')
    throw new Refusal('"--key_bundle_file" and "--key_bundle_secret" options are required')
  if (key_bundle_file === key_bundle_secret)
    throw new Refusal('"--key_bundle_file" and "--key_bundle_secret" must not be the same file')
}

/** Writes both files, each whole; existing ones are kept unless `replace` is true. */
export async function writeBundle(
  paths: BundlePaths,
  { bundle, secret }: SealedBundle,
  replace: boolean,
): Promise<void> {
  const drafts = [await draftFile(paths.key_bundle_secret, secret)]
  try {
    drafts.push(await draftFile(paths.key_bundle_file, bundle))
    // A secret without its bundle opens nothing; a bundle without its secret would look like a backup.
    for (const draft of drafts) await draft.commit(replace)
  } finally {
    for (const draft of drafts) await draft.discard()
  }
}

/** Both files, for the caller to overwrite the secret. */
export async function readBundle(paths: BundlePaths): Promise<SealedBundle> {
  const bundle = await readUserFile(paths.key_bundle_file, BUNDLE_SIZE_MAX)
  return { bundle, secret: await readUserFile(paths.key_bundle_secret, SECRET_SIZE_MAX) }
}
