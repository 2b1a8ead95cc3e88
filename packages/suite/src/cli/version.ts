import { readFileSync } from 'node:fs'
import { COMPATIBLE_RELEASES } from '../options/index.ts'

/** The version of the suite, from its package.json. */
export function suiteVersion(): string {
  const path = new URL('../../package.json', import.meta.url)
  const { version } = JSON.parse(readFileSync(path, 'utf8')) as { version: string }
  return version
}

/** `acra-server 0.1.0 (compatible with Acra 0.90 to 0.96)`. */
export function versionText(program: string, version: string): string {
  return `${program} ${version} (compatible with Acra ${COMPATIBLE_RELEASES})`
}
