import { spawn, spawnSync } from 'node:child_process'
import type { StoreVersion } from '../master-key/key-wrapper.ts'

const here = (path: string) => JSON.stringify(new URL(path, import.meta.url).href)

/** Opens the keystore of the folder in `process.argv[1]` as `keystore`, like `layouts` of the tests. */
const opening = (version: StoreVersion) => `
  const { Files } = await import(${here('../storage/files.js')})
  const { layouts } = await import(${here('./stores.js')})
  const [, folder, lock] = process.argv
  const { keystore } = layouts.${version}.open(new Files({ folder, lock: JSON.parse(lock) }))
`

/** Kills the process in front of the call number `process.argv[3]` that changes the file system. */
const killing = `
  const { syncBuiltinESMExports } = await import('node:module')
  const { default: files } = await import('node:fs/promises')
  let left = Number(process.argv[3])
  const counted = (owner, name, changes = () => true) => {
    const real = owner[name]
    owner[name] = function (...args) {
      if (changes(args) && left-- === 0) process.kill(process.pid, 'SIGKILL')
      return real.apply(this, args)
    }
  }
  const handle = await files.open('/dev/null')
  counted(Object.getPrototypeOf(handle), 'write')
  await handle.close()
  for (const name of ['mkdir', 'link', 'rename', 'unlink', 'copyFile']) counted(files, name)
  counted(files, 'open', ([, flags]) => flags === 'wx')
  syncBuiltinESMExports()
`

/** Runs `work` on the keystore of a folder in a process that is killed in front of its n-th change; false where it came to its end. */
export function runKilled(folder: string, work: string, changes: number): boolean {
  const code = `${killing}${opening('v1')}${work}`
  const { signal, status, stderr } = spawnSync(
    process.execPath,
    ['--input-type=module', '-e', code, folder, '{}', String(changes)],
    { encoding: 'utf8' },
  )
  if (signal === 'SIGKILL') return true
  if (status !== 0) throw new Error(`the child failed: ${stderr}`)
  return false
}

/** Runs `work` on the keystore of a folder in a process of its own. */
export function runBeside(
  folder: string,
  work: string,
  lock: object,
  version: StoreVersion = 'v1',
): Promise<void> {
  const args = [
    '--input-type=module',
    '-e',
    `${opening(version)}${work}`,
    folder,
    JSON.stringify(lock),
  ]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (status) =>
      status === 0 ? resolve() : reject(new Error(`the child ended with ${status}`)),
    )
  })
}
