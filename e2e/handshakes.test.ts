/** What of TLS is spoken by every side of our programs that listens: asked by `openssl s_client`, by one table. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { after, before, test } from 'node:test'
import { createSandbox, type Sandbox } from '../tools/sandbox.ts'
import type { Place } from './half-open/openings.ts'
import { type Ground, openGround } from './half-open/stands.ts'

const low = ['-cipher', 'ALL:@SECLEVEL=0']

/** What a client offers, and what is agreed on; null where nothing is. */
const table: readonly (readonly [readonly string[], RegExp | null])[] = [
  [[], /^TLSv1\.3 TLS_AES_/],
  ...['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256'].map(
    (suite) => [['-tls1_3', '-ciphersuites', suite], new RegExp(`^TLSv1\\.3 ${suite}$`)] as const,
  ),
  ...['AES128-GCM-SHA256', 'AES256-GCM-SHA384', 'CHACHA20-POLY1305'].map(
    (suite) =>
      [
        ['-tls1_2', '-cipher', `ECDHE-ECDSA-${suite}`],
        new RegExp(`^TLSv1\\.2 ECDHE-ECDSA-${suite}$`),
      ] as const,
  ),
  [['-tls1', ...low], null],
  [['-tls1_1', ...low], null],
  [['-tls1_2', '-cipher', 'ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0'], null],
  [['-tls1_2', '-cipher', 'ECDHE-ECDSA-AES256-SHA384:@SECLEVEL=0'], null],
  [['-tls1_2', '-cipher', 'ECDHE-ECDSA-AES128-CCM8:@SECLEVEL=0'], null],
  [['-tls1_2', '-cipher', 'AES128-GCM-SHA256:@SECLEVEL=0'], null],
  [['-tls1_2', '-cipher', 'DHE-RSA-AES128-GCM-SHA256:@SECLEVEL=0'], null],
  [['-tls1_2', '-cipher', 'aNULL:eNULL:PSK:3DES:RC4:@SECLEVEL=0'], null],
  [['-tls1_3', '-ciphersuites', 'TLS_AES_128_CCM_8_SHA256'], null],
]

let sandbox: Sandbox
let ground: Ground
before(async () => {
  sandbox = createSandbox('handshakes')
  ground = await openGround(sandbox)
})
after(async () => {
  await sandbox.remove()
  await ground.stop()
})

for (const [name, more] of [
  ['acra-server', ['-starttls', 'postgres']],
  ['acra-translator, HTTP', ['-alpn', 'http/1.1']],
  ['acra-translator, gRPC', ['-alpn', 'h2']],
] as const) {
  test(`${name}: TLS 1.2 and 1.3 with strong suites, and nothing else`, async () => {
    const stand = await ground.start(name)
    for (const [offer, expected] of table) {
      const agreed = await agreedOn(stand.place, [...more, ...offer])
      if (expected === null) assert.equal(agreed, null, offer.join(' '))
      else assert.match(agreed ?? '', expected, offer.join(' '))
    }
    await stand.serve()
    await stand.stop()
  })
}

/** Version and suite; null where there is no agreement. */
async function agreedOn({ host, port }: Place, options: readonly string[]): Promise<string | null> {
  const args = ['s_client', '-connect', `${host}:${port}`, ...options]
  const child = spawn('openssl', args, { stdio: ['pipe', 'pipe', 'ignore'] })
  let output = ''
  child.stdout.on('data', (chunk) => {
    output += chunk
  })
  child.stdin.on('error', () => {}).end('Q\n')
  await new Promise((resolve) => child.once('close', resolve))
  const [, version, suite] = /^New, (TLSv[\d.]+), Cipher is ([\w-]+)$/m.exec(output) ?? []
  return version === undefined ? null : `${version} ${suite}`
}
