import type { KeyRef } from '../key-ref.ts'
import { Memory } from '../storage/memory.ts'
import { privateFile } from '../v1/file-names.ts'
import { ringFile, ringPath } from '../v2/ring-names.ts'
import { openV1, openV2 } from './stores.ts'

/** The files of a keystore with fresh keys, by path; its master key is that of `openV1` or `openV2`. The marker of a keystore v2 is not among them. */
export async function keyFiles(
  version: 'v1' | 'v2',
  refs: readonly KeyRef[],
): Promise<Map<string, Buffer>> {
  const { keystore, storage } = (version === 'v1' ? openV1 : openV2)(new Memory())
  const files = new Map<string, Buffer>()
  for (const ref of refs) {
    await keystore.generate(ref)
    const path = version === 'v1' ? privateFile(ref) : ringFile(ringPath(ref))
    files.set(path, (await storage.read(path, 'private'))!)
  }
  return files
}
