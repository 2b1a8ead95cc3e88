/** Debian's Chromium without a window, with a profile of its own that goes with the sandbox. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { type BrowserContext, chromium } from 'playwright-core'
import type { Sandbox } from '../../tools/sandbox.ts'

/** None of these asks anybody beyond loopback for anything. */
const quiet = [
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-domain-reliability',
  '--disable-gpu',
  '--disable-quic',
  '--disable-sync',
  '--no-first-run',
]

/** Starts it; close it before the sandbox is removed. Root has no user namespace to give to Chromium's own sandbox. */
export async function startChromium(sandbox: Sandbox): Promise<BrowserContext> {
  return chromium.launchPersistentContext(join(sandbox.folder, 'profile'), {
    executablePath: executable(),
    headless: true,
    chromiumSandbox: process.getuid?.() !== 0,
    args: quiet,
    serviceWorkers: 'block',
  })
}

function executable(): string {
  const { stdout } = spawnSync('which', ['chromium'], { encoding: 'utf8' })
  if (stdout !== '') return stdout.trim()
  throw new Error('chromium is not installed: apt-get install -y --no-install-recommends chromium')
}
