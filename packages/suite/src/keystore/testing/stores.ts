import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type Key, type KeyRef, type Purpose, purposes } from '../key-ref.ts'
import { masterKeyPairWrapper, masterKeyWrapper } from '../master-key/software.ts'
import { Files } from '../storage/files.ts'
import type { Storage, Visibility } from '../storage/storage.ts'
import { privateFile } from '../v1/file-names.ts'
import { KeystoreV1 } from '../v1/keystore-v1.ts'
import { KeystoreV2 } from '../v2/keystore-v2.ts'
import { ringFile, ringPath } from '../v2/ring-names.ts'

/** An owner of each kind. */
export const owners = { client: 'someid', zone: 'DDDDDDDDabcdefghijklmnop' } as const

/** A key of every purpose. */
export const everyRef: readonly KeyRef[] = Object.entries(purposes).map(([purpose, facts]) => ({
  purpose: purpose as Purpose, // Object.entries forgets the type of the keys.
  owner: facts.owner && owners[facts.owner],
}))

/** A name for a reference: the subject of a test. */
export function nameOf({ purpose, owner }: KeyRef): string {
  return owner === null ? purpose : `${purpose} of ${owner}`
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

/** A layout on a storage, and what it warned of. */
export interface TestStore<K> {
  readonly keystore: K
  readonly storage: Storage
  readonly warnings: string[]
}

/** A keystore v1 whose master key is `masterByte`, 32 times. */
export function openV1(storage: Storage, masterByte = 1): TestStore<KeystoreV1> {
  const warnings: string[] = []
  const keystore = new KeystoreV1({
    storage,
    wrapper: masterKeyWrapper(new Uint8Array(32).fill(masterByte)),
    warn: (sentence) => warnings.push(sentence),
    now: () => 1_700_000_000_000_000_000n,
  })
  return { keystore, storage, warnings }
}

/** A keystore v2 whose master keys are `masterByte` and the byte 100 after it, 32 times each. */
export function openV2(storage: Storage, masterByte = 1): TestStore<KeystoreV2> {
  const warnings: string[] = []
  const keystore = new KeystoreV2({
    storage,
    wrapper: masterKeyPairWrapper({
      encryption: new Uint8Array(32).fill(masterByte),
      signature: new Uint8Array(32).fill(masterByte + 100),
    }),
    warn: (sentence) => warnings.push(sentence),
    now: () => 1_700_000_000_000_000_000n,
  })
  return { keystore, storage, warnings }
}

/** The layouts for `keystoreContract`. */
export const layouts = {
  v1: {
    name: 'v1',
    open: openV1,
    file: (ref: KeyRef) => (ref.purpose === 'authentication' ? null : privateFile(ref)),
  },
  v2: { name: 'v2', open: openV2, file: (ref: KeyRef) => ringFile(ringPath(ref)) },
} as const

/** Puts a file into a storage, past every layout. */
export async function writeFile(
  storage: Storage,
  path: string,
  content: Uint8Array,
  visibility: Visibility = 'private',
): Promise<void> {
  await storage.exclusively(async (writer) =>
    (await writer.stage(path, content, visibility)).commit(),
  )
}

/** The secrets of a key in hex, newest first. */
export async function secretsOf(
  keystore: { keys(ref: KeyRef): Promise<readonly Key[]> | readonly Key[] },
  ref: KeyRef,
): Promise<string[]> {
  return (await keystore.keys(ref)).map(({ secret }) => hex(secret))
}

/** Folders below one that `remove` removes. */
export class TestFolders {
  readonly #root = fs.mkdtempSync(join(tmpdir(), 'acra-keys-'))
  #count = 0

  /** A path inside a folder of its own; nothing stands there yet. */
  next(): string {
    const parent = join(this.#root, String(this.#count++))
    fs.mkdirSync(parent)
    return join(parent, 'keys')
  }

  files(): { readonly storage: Files; readonly folder: string } {
    const folder = this.next()
    return { storage: new Files({ folder }), folder }
  }

  remove(): void {
    fs.rmSync(this.#root, { recursive: true })
  }
}

/** The content of every file below a folder, by relative path. */
export function contentOf(folder: string): Record<string, string> {
  const paths = fs.readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()
  const files = paths.filter((path) => fs.statSync(join(folder, path)).isFile())
  return Object.fromEntries(files.map((path) => [path, hex(fs.readFileSync(join(folder, path)))]))
}

/** Makes a folder hold exactly these files. */
export function restoreContent(folder: string, content: Readonly<Record<string, string>>): void {
  fs.rmSync(folder, { recursive: true, force: true })
  fs.mkdirSync(folder, { mode: 0o700 })
  for (const [path, bytes] of Object.entries(content)) {
    fs.mkdirSync(dirname(join(folder, path)), { recursive: true, mode: 0o700 })
    const mode = path.includes('.pub') ? 0o644 : 0o600
    fs.writeFileSync(join(folder, path), Buffer.from(bytes, 'hex'), { mode })
  }
}
