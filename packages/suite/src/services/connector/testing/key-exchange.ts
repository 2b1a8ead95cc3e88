/** Keystores of two hosts with master keys of their own, and nothing in common but the public keys that were exchanged. */
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type Environment,
  type KeyRef,
  masterKeyFromEnvironment,
  openKeystore,
} from '../../../keystore/index.ts'

/** A host's key folder, and the environment that opens it. */
export interface KeyFolder {
  readonly folder: string
  readonly environment: Environment
}

export interface KeyExchange {
  readonly connector: KeyFolder
  /** AcraServer's, or AcraTranslator's: both can stand in one. */
  readonly server: KeyFolder
  remove(): void
}

/** Makes the transport keys of `clientIds` on both hosts, and copies the public ones over. */
export async function exchangeKeys(clientIds: readonly string[]): Promise<KeyExchange> {
  const root = mkdtempSync(join(tmpdir(), 'acra-exchange-'))
  const [connector, server] = [host(root, 'connector', 1), host(root, 'server', 2)]
  for (const owner of clientIds) {
    await generate(connector, { purpose: 'transport-connector', owner })
    await generate(server, { purpose: 'transport-server', owner })
    await generate(server, { purpose: 'transport-translator', owner })
    copy(connector, server, `${owner}.pub`)
    copy(server, connector, `${owner}_server.pub`)
    copy(server, connector, `${owner}_translator.pub`)
  }
  return { connector, server, remove: () => rmSync(root, { recursive: true }) }
}

/** Makes a key in a host's folder. */
export async function generate({ folder, environment }: KeyFolder, ref: KeyRef): Promise<void> {
  const wrapper = masterKeyFromEnvironment(environment)
  const keystore = await openKeystore({ folder, wrapper, warn: () => {} })
  await keystore.generate(ref)
}

function host(root: string, name: string, byte: number): KeyFolder {
  const folder = join(root, name)
  mkdirSync(folder, { mode: 0o700 })
  const key = Buffer.alloc(32, byte).toString('base64')
  return { folder, environment: { ACRA_MASTER_KEY: key } }
}

function copy(from: KeyFolder, to: KeyFolder, name: string): void {
  copyFileSync(join(from.folder, name), join(to.folder, name))
}
