/** Programs that benches need. */
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { root } from '../tools/repository.ts'

interface Program {
  readonly program: string
  /** Debian's name of what it comes in. */
  readonly package: string
  /** What it is asked its version by. */
  readonly version?: string
}

/** Installs what is missing, as the tests do for theirs; false, and says what is missing, where it cannot. */
export async function installPrograms(programs: readonly Program[]): Promise<boolean> {
  const debian = (await import(pathToFileURL(join(root, 'tools/bootstrap/debian.mjs')).href)) as {
    installPrograms(list: readonly Program[], needed: string): Promise<boolean>
  }
  return debian.installPrograms(programs, 'The bench needs')
}
