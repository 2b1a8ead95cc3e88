import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { certificateOfPem } from './certificate-file.ts'
import { serverEndPoint } from './end-point.ts'

const folder = mkdtempSync(join(tmpdir(), 'acra-end-point-'))
after(() => rmSync(folder, { recursive: true }))

function certificate(...options: readonly string[]): Buffer {
  const made = ['req', '-x509', '-nodes', '-subj', '/CN=x', '-keyout', join(folder, 'key')]
  return certificateOfPem(
    execFileSync('openssl', [...made, ...options], {
      stdio: ['ignore', 'pipe', 'ignore'],
    }).toString(),
  )
}

const rsa = ['-newkey', 'rsa:2048']
const ecdsa = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1']
const pss = [...rsa, '-sigopt', 'rsa_padding_mode:pss']

for (const [name, options, hash] of [
  ['RSA with SHA-1', [...rsa, '-sha1'], 'sha256'],
  ['RSA with SHA-256', [...rsa, '-sha256'], 'sha256'],
  ['RSA with SHA-384', [...rsa, '-sha384'], 'sha384'],
  ['RSA with SHA-512', [...rsa, '-sha512'], 'sha512'],
  ['ECDSA with SHA-256', [...ecdsa, '-sha256'], 'sha256'],
  ['ECDSA with SHA-384', [...ecdsa, '-sha384'], 'sha384'],
  ['ECDSA with SHA-512', [...ecdsa, '-sha512'], 'sha512'],
  ['RSA-PSS with SHA-256', [...pss, '-sha256'], 'sha256'],
  ['RSA-PSS with SHA-512', [...pss, '-sha512'], 'sha512'],
] as const) {
  test(`a certificate of ${name} is bound to by its ${hash}`, () => {
    const der = certificate(...options)
    assert.deepEqual(serverEndPoint(der), createHash(hash).update(der).digest())
  })
}

test('nobody can bind to a certificate whose signature has no hash, or to what is none', () => {
  assert.equal(serverEndPoint(certificate('-newkey', 'ed25519')), null)
  assert.equal(serverEndPoint(Buffer.from('3003020101', 'hex')), null)
  assert.equal(serverEndPoint(Buffer.alloc(0)), null)
})
