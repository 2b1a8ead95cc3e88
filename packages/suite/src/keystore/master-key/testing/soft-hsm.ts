import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { env } from 'node:process'

/** Where distributions put SoftHSM. */
const LIBRARIES = [
  '/usr/lib/softhsm/libsofthsm2.so',
  '/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so',
  '/usr/lib64/pkcs11/libsofthsm2.so',
]

/** Why there is no SoftHSM to test with: the reason a test prints; null where there is one. */
export function withoutSoftHsm(): string | null {
  if (libraryOf() === undefined) return 'SoftHSM is not installed: apt-get install softhsm2'
  try {
    createRequire(import.meta.url)('pkcs11js')
    return null
  } catch {
    return 'pkcs11js is not built: it needs a C++ compiler, python3 and the headers of Node'
  }
}

/** A token of SoftHSM, which keeps its objects in files. */
export interface SoftToken {
  readonly library: string
  readonly label: string
  readonly pin: string
  /** For `SOFTHSM2_CONF` of the processes that use it. */
  readonly configuration: string
}

/** A new token with its files in `root`; it becomes the one that this process and its children find. */
export function makeSoftToken(root: string, label = 'acra-test', pin = '9138-secret'): SoftToken {
  const library = libraryOf()
  if (library === undefined) throw new Error('SoftHSM is not installed')
  const tokens = join(root, 'tokens')
  mkdirSync(tokens, { recursive: true })
  const configuration = join(root, 'softhsm2.conf')
  writeFileSync(
    configuration,
    `directories.tokendir = ${tokens}\nobjectstore.backend = file\nlog.level = ERROR\n`,
  )
  const words = ['--init-token', '--free', '--label', label, '--pin', pin, '--so-pin', '12345678']
  // SoftHSM takes it from nowhere else: the program here, the library when this process loads it.
  env.SOFTHSM2_CONF = configuration
  execFileSync('softhsm2-util', words, { stdio: 'pipe' })
  return { library, label, pin, configuration }
}

function libraryOf(): string | undefined {
  return LIBRARIES.find(existsSync)
}
