import { randomInt } from 'node:crypto'
import { link, open, rename, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import { errnoOf, ioError, KeystoreError } from '../errors.ts'
import { temporaryPrefix } from '../storage/storage.ts'

/**
 * Writes a master key to a file of mode 0600, whole or not at all. An existing file is kept, since every key made with it would be lost: then it
 * throws KeystoreError `master-key-exists`, unless `force` is true.
 */
export async function writeMasterKeyFile(
  path: string,
  masterKey: Uint8Array,
  force: boolean,
): Promise<void> {
  const temporary = `${dirname(path)}/${temporaryPrefix}${randomInt(2 ** 47)}`
  try {
    await writeDurably(temporary, masterKey)
    await (force ? rename(temporary, path) : link(temporary, path))
    await sync(dirname(path))
  } catch (error) {
    throw errnoOf(error) === 'EEXIST' ? exists(path) : ioError('write', path, error)
  } finally {
    await unlink(temporary).catch((error) => {
      // Never made, or renamed.
      if (errnoOf(error) !== 'ENOENT') throw ioError('remove', temporary, error)
    })
  }
}

async function writeDurably(path: string, content: Uint8Array): Promise<void> {
  const handle = await open(path, 'wx', 0o600)
  try {
    await handle.chmod(0o600)
    await handle.writeFile(content)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

async function sync(folder: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(folder, 'r')
  await handle.sync().finally(() => handle.close())
}

function exists(path: string): KeystoreError {
  return new KeystoreError(
    'master-key-exists',
    `master key file ${path} exists; keys made with it would be lost. Choose another name, or replace it with --force`,
  )
}
