/** Key folders of several hosts, each under a master key of its own; only the files that are exchanged go from one to another. */
import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Keys, runProgram } from '../tools/programs.ts'
import type { Sandbox } from '../tools/sandbox.ts'

/** Makes keys on a host by acra-keymaker; its master key with the first of them. */
export async function makeKeys(
  sandbox: Sandbox,
  host: string,
  clientId: string,
  flags: readonly string[],
): Promise<Keys> {
  const masterKey = join(sandbox.folder, `${host}.master.key`)
  const folder = join(sandbox.folder, `${host}-keys`)
  mkdirSync(folder, { mode: 0o700, recursive: true })
  if (!existsSync(masterKey)) {
    const words = [`--generate_master_key=${masterKey}`, '--keystore=v1']
    await runProgram('acra-keymaker', words, sandbox.folder)
  }
  const environment = { ACRA_MASTER_KEY: readFileSync(masterKey).toString('base64') }
  const words = [
    '--keystore=v1',
    `--client_id=${clientId}`,
    ...flags,
    `--keys_output_dir=${folder}`,
  ]
  await runProgram('acra-keymaker', words, sandbox.folder, environment)
  return { folder, environment, commands: [] }
}

/** Copies one file from host to host. */
export function exchange(from: Keys, to: Keys, name: string): void {
  copyFileSync(join(from.folder, name), join(to.folder, name))
}
