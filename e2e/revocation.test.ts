/** Certificates that were revoked, and others that will not do, on every side that verifies them: acra-server with applications and with its database, acra-translator, acra-connector. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Certificate, createAuthority } from '#testing/certificates'
import { Registry, type Sources, startSources } from '#testing/revocation'
import { root } from '../tools/repository.ts'
import { createSandbox, type Sandbox } from '../tools/sandbox.ts'
import { type Gate, openGates } from './gates.ts'

let sandbox: Sandbox
let sources: Sources
before(async () => {
  sandbox = createSandbox('revocation')
  sources = await startSources()
})
after(async () => {
  sources.stop()
  await sandbox.remove()
})

interface Case {
  readonly state: 'good' | 'revoked' | 'unknown'
  /** What is different from responders and lists that do as they should. */
  readonly arrange?: (books: Registry, certificate: Certificate, stranger: Certificate) => void
  /** What the log says of the refusal; null where there is none. */
  readonly message: string | null
  /** What it says of a responder or a list. */
  readonly trouble?: string
}

const NOT_CONFIRMED = 'none of OCSP servers confirmed the certificate'
const NO_LIST = 'the revocation list of the certificate cannot be used'
const REVOKED = 'certificate was revoked'

const cases: Readonly<Record<string, Case>> = {
  'that is good': { state: 'good', message: null },
  'that was revoked, as the responder says': { state: 'revoked', message: REVOKED },
  'that the responder does not know': {
    state: 'unknown',
    message: "OCSP server doesn't know about certificate",
  },
  'of which the responder says nothing, being away': {
    state: 'good',
    arrange: () => sources.answers.delete('/ocsp'),
    message: NOT_CONFIRMED,
    trouble: 'non-OK status: 404',
  },
  'that a stranger confirms': {
    state: 'good',
    arrange: (books, _, stranger) => {
      const signed = { signer: stranger, minutes: 5 }
      sources.answers.set('/ocsp', (question) => books.answer(question, signed))
    },
    message: NOT_CONFIRMED,
    trouble: 'not signed by the authority',
  },
  'that an answer from before confirms': {
    state: 'good',
    arrange: (books, { certFile }) => {
      const old = books.answer(books.question(certFile, []), { minutes: 5 })
      sources.answers.set('/ocsp', () => old)
    },
    message: NOT_CONFIRMED,
    trouble: 'made for another question',
  },
  'of which the responder has too much to say': {
    state: 'good',
    arrange: () => sources.answers.set('/ocsp', () => Buffer.alloc(1_000_000)),
    message: NOT_CONFIRMED,
    trouble: 'more than 65536 bytes',
  },
  'whose list is out of date': {
    state: 'good',
    arrange: (books) => {
      const stale = books.list({ from: '20250101000000Z', to: '20250102000000Z' })
      sources.answers.set('/list', () => stale)
    },
    message: NO_LIST,
    trouble: 'NextUpdate is behind current time',
  },
  'whose list is not there': {
    state: 'good',
    arrange: () => sources.answers.delete('/list'),
    message: NO_LIST,
    trouble: 'non-OK status: 404',
  },
  'that the list names, though the responder does not know yet': {
    state: 'good',
    arrange: (books, certificate) => {
      const later = books.copy()
      later.revoke(certificate)
      const list = later.list()
      sources.answers.set('/list', () => list)
    },
    message: REVOKED,
  },
}

test('no side takes a certificate of which it is not known that it was not revoked', async () => {
  const authority = createAuthority(sandbox.folder, 'authority')
  const stranger = createAuthority(sandbox.folder, 'stranger')
  const books = new Registry(sandbox.folder, authority)
  const flags = (side: string) => [
    `--tls_ocsp_${side}url=${sources.url}/ocsp`,
    `--tls_crl_${side}url=${sources.url}/list`,
  ]
  const gates = await openGates(sandbox, authority, flags)
  try {
    for (const gate of gates) {
      for (const [name, { state, arrange, message, trouble }] of Object.entries(cases)) {
        const certificate = gate.certify(`${gate.name}-${count++}`)
        if (state !== 'unknown') books.add(certificate)
        sources.answers.set('/ocsp', (question) => books.answer(question, { minutes: 5 }))
        const list = books.list()
        sources.answers.set('/list', () => list)
        if (state === 'revoked') books.revoke(certificate)
        arrange?.(books, certificate, stranger)
        await meets(gate, certificate, `a certificate ${name}`, message, trouble)
      }
    }
  } finally {
    for (const gate of gates) await gate.close()
  }
})

let count = 0

test('no side takes a certificate that the responder of openssl does not know, or says was revoked', async () => {
  const authority = createAuthority(sandbox.folder, 'answering')
  const books = new Registry(sandbox.folder, authority)
  const made = (state: string) => ({
    client: authority.client(`client-${state}`),
    server: authority.server(`server-${state}`),
  })
  const [good, revoked, unknown] = [made('good'), made('revoked'), made('unknown')]
  for (const kind of ['client', 'server'] as const) {
    books.add(good[kind])
    books.revoke(revoked[kind])
  }
  const responder = await books.respond()
  const gates = await openGates(sandbox, authority, (side) => [
    `--tls_ocsp_${side}url=${responder.url}`,
  ])
  try {
    for (const gate of gates) {
      const kind = gate.isServer ? 'server' : 'client'
      await meets(gate, good[kind], 'a good one', null)
      await meets(gate, revoked[kind], 'a revoked one', REVOKED)
      await meets(gate, unknown[kind], 'an unknown one', "OCSP server doesn't know")
    }
  } finally {
    responder.stop()
    for (const gate of gates) await gate.close()
  }
})

test('a list made as the guide says is gone by', async () => {
  const folder = join(sandbox.folder, 'guide')
  mkdirSync(folder)
  const authority = createAuthority(folder, 'ca')
  const [revoked, kept] = [authority.client('client'), authority.client('kept')]
  const guide = readFileSync(join(root, 'docs/guide/tls.md'), 'utf8')
  const [, script = ''] = /<!-- tested -->\n```sh\n(touch index.txt\n[\s\S]*?)```/.exec(guide) ?? []
  execFileSync('bash', ['-ec', script], { cwd: folder, stdio: 'pipe' })
  const gates = await openGates(sandbox, authority, (side) => [
    `--tls_crl_${side}url=file://${join(folder, 'authority.crl')}`,
  ])
  try {
    for (const gate of gates.filter(({ isServer }) => !isServer)) {
      await meets(gate, kept, 'one that stands in no list', null)
      await meets(gate, revoked, 'a revoked one', REVOKED)
    }
  } finally {
    for (const gate of gates) await gate.close()
  }
})

test('no side takes a certificate that has expired, is of another authority, or was made for something else', async () => {
  const authority = createAuthority(sandbox.folder, 'ours')
  const stranger = createAuthority(sandbox.folder, 'theirs')
  const gates = await openGates(sandbox, authority, () => [])
  try {
    for (const gate of gates) {
      const make = (options: object) => gate.certify(`${gate.name}-${count++}`, options)
      await meets(gate, make({}), 'a good one', null)
      await meets(gate, make({ days: -1 }), 'an expired one', 'has expired')
      await meets(gate, make({ by: stranger }), 'one of another', 'that is not trusted here')
      const purpose = `extendedKeyUsage=${gate.isServer ? 'clientAuth' : 'serverAuth'}`
      const wrong = make({ extensions: [purpose, 'subjectAltName=DNS:localhost,IP:127.0.0.1'] })
      await meets(gate, wrong, 'one for something else', 'was not made for')
    }
  } finally {
    for (const gate of gates) await gate.close()
  }
})

/** The gate takes the certificate where `message` is null; else it does not, and its log has a line with its code. */
async function meets(
  gate: Gate,
  certificate: Certificate,
  name: string,
  message: string | null,
  trouble?: string,
): Promise<void> {
  const before = readFileSync(gate.logFile, 'utf8').length
  assert.equal(await gate.takes(certificate), message === null, `${gate.name}: ${name}`)
  if (message === null) return
  await says(gate, before, new RegExp(`code=${gate.code} .*${message}`))
  if (trouble !== undefined) await says(gate, before, new RegExp(`code=2040 .*${trouble}`))
}

async function says({ name, logFile }: Gate, before: number, line: RegExp): Promise<void> {
  for (let patience = 0; patience < 1000; patience++) {
    if (line.test(readFileSync(logFile, 'utf8').slice(before))) return
    await sleep(10)
  }
  assert.fail(`${name} did not say ${line}:\n${readFileSync(logFile, 'utf8').slice(before)}`)
}
