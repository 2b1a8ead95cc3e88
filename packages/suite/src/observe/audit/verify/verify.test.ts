import assert from 'node:assert/strict'
import {
  appendFileSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import type { AuditFormat } from '../lines.ts'
import { NoteSigner } from '../signed-note.ts'
import { auditKey, signer, WrittenLog } from '../testing/written-log.ts'
import type { Finding } from './finding.ts'
import { readHistory, type SignedCheckpoint } from './history.ts'
import { rotatedFiles } from './log-files.ts'
import { checkProof, type Proof, proveHistory, proveLine } from './proof.ts'
import { type VerifySettings, verifyLog } from './verify.ts'

const root = mkdtempSync(join(tmpdir(), 'acra-audit-'))
after(() => rmSync(root, { recursive: true }))

const formats = ['plaintext', 'json', 'cef'] as const
const messages = Array.from({ length: 10 }, (_, at) => `message ${at} integrity=00`)

function newLog(format: AuditFormat = 'json'): WrittenLog {
  return new WrittenLog(mkdtempSync(join(root, 'log-')), format)
}

type By = 'key' | 'public key'

/** What verifying finds, as `severity kind line`. */
async function findingsOf(log: WrittenLog, by: By, more: Partial<VerifySettings> = {}) {
  const findings: Finding[] = []
  const report = (finding: Finding) => findings.push(finding)
  const verdict = await verifyLog({
    files: [log.path],
    format: log.format,
    keys: by === 'key' ? [auditKey] : null,
    checkpoints: by === 'key' ? null : historyOf(log, report),
    known: [],
    isMissingOk: false,
    isStrict: false,
    report,
    ...more,
  })
  const texts = findings.map(({ severity, kind, place }) =>
    [severity, kind, place?.line].filter((part) => part !== undefined).join(' '),
  )
  const told = texts.filter((text) => !text.startsWith('warning unsigned'))
  return { verdict, texts: told, findings }
}

function historyOf(log: WrittenLog, report: (finding: Finding) => void = fail): SignedCheckpoint[] {
  const text = readFileSync(log.checkpointPath, 'utf8')
  return readHistory(text, log.checkpointPath, [signer.verifier], report)
}

function fail(finding: Finding): never {
  assert.fail(finding.message)
}

/** Changes the lines of a log. Line 1 is not signed; lines 2 to 13 are, in three checkpoints of four. */
function change(log: WrittenLog, work: (lines: string[]) => string[]): void {
  writeFileSync(log.path, `${work(log.lines()).join('\n')}\n`)
}

test('a log is whole by the key and by the public key, in every format', async () => {
  for (const format of formats) {
    const log = newLog(format)
    log.run(messages)
    log.run(messages)
    const byKey = await findingsOf(log, 'key', { isStrict: true })
    assert.deepEqual(byKey.texts, [])
    assert.deepEqual(byKey.verdict, { isWhole: true, lines: 26, signed: 24, chains: 2, covered: 0 })
    const byPublic = await findingsOf(log, 'public key')
    assert.deepEqual(byPublic.texts, [])
    assert.equal(byPublic.verdict.covered, 24)
  }
})

interface Attack {
  readonly name: string
  readonly work: (lines: string[]) => string[]
  readonly byKey: readonly string[]
  readonly byPublicKey: readonly string[]
}

const attacks: readonly Attack[] = [
  {
    name: 'a line is changed',
    work: (lines) => lines.with(6, lines[6]!.replace('someid', 'nobody')),
    byKey: ['error changed 7'],
    byPublicKey: ['error checkpoint 6'],
  },
  {
    name: 'a line is removed',
    work: (lines) => lines.toSpliced(6, 1),
    byKey: ['error changed 7'],
    byPublicKey: ['error checkpoint 6'],
  },
  {
    name: 'a line is doubled',
    work: (lines) => lines.toSpliced(7, 0, lines[6]!),
    byKey: ['error added 8'],
    byPublicKey: ['error checkpoint 6'],
  },
  {
    name: 'a line is added from another log',
    work: (lines) => lines.toSpliced(7, 0, lines[3]!.replace('message', 'massage')),
    byKey: ['error added 8'],
    byPublicKey: ['error checkpoint 6'],
  },
  {
    name: 'a line is moved',
    work: (lines) => lines.toSpliced(6, 1).toSpliced(7, 0, lines[6]!),
    byKey: ['error moved 7'],
    byPublicKey: ['error checkpoint 6'],
  },
  {
    name: 'the end is cut off',
    work: (lines) => lines.slice(0, 8),
    byKey: ['warning no-end 8'],
    byPublicKey: ['error checkpoint 6', 'error checkpoint 8'],
  },
  {
    name: 'the end is cut off at a checkpoint',
    work: (lines) => lines.slice(0, 9),
    byKey: ['warning no-end 9'],
    byPublicKey: ['error checkpoint 9'],
  },
  {
    name: 'the beginning is cut off',
    work: (lines) => lines.slice(5),
    byKey: ['error changed 1'],
    byPublicKey: ['error checkpoint'],
  },
  {
    name: 'everything is removed',
    work: (lines) => lines.slice(0, 1),
    byKey: ['warning empty'],
    byPublicKey: ['error checkpoint', 'error checkpoint', 'error checkpoint'],
  },
  {
    name: 'the first line of a checkpoint is removed',
    work: (lines) => lines.toSpliced(5, 1),
    byKey: ['error changed 6'],
    byPublicKey: ['error checkpoint 6'],
  },
  {
    name: 'the last line of a checkpoint is removed',
    work: (lines) => lines.toSpliced(8, 1),
    byKey: ['error changed 9'],
    byPublicKey: ['error checkpoint 6'],
  },
]

for (const { name, work, byKey, byPublicKey } of attacks) {
  test(`it is told when ${name}`, async () => {
    for (const format of formats) {
      const log = newLog(format)
      log.run(messages)
      change(log, work)
      assert.deepEqual((await findingsOf(log, 'key')).texts, byKey, format)
      assert.deepEqual((await findingsOf(log, 'public key')).texts, byPublicKey, format)
    }
  })
}

test('a changed line spoils its checkpoint, and no other', async () => {
  const log = newLog()
  log.run(messages)
  change(log, (lines) => lines.with(2, lines[2]!.replace('someid', 'nobody')))
  const { verdict, texts } = await findingsOf(log, 'public key')
  assert.deepEqual(texts, ['error checkpoint 2'])
  assert.equal(verdict.covered, 8)
})

test('a chain that is forged with the stolen key is told by the checkpoints alone', async () => {
  const log = newLog()
  log.run(messages)
  const checkpoints = readFileSync(log.checkpointPath)
  rmSync(log.path)
  log.run(messages.with(3, 'nothing to be seen here'))
  writeFileSync(log.checkpointPath, checkpoints)
  assert.deepEqual((await findingsOf(log, 'key')).texts, [])
  const { verdict, texts } = await findingsOf(log, 'public key')
  assert.ok(!verdict.isWhole)
  assert.ok(texts.length > 0)
})

test('a whole chain that is removed or played again is told by the checkpoints alone', async () => {
  const log = newLog()
  for (let run = 0; run < 3; run++) log.run([`run ${run}`])
  const all = log.lines()
  for (const lines of [
    all.toSpliced(4, 4),
    [...all.slice(0, 8), ...all.slice(0, 4), ...all.slice(8)],
  ]) {
    change(log, () => lines)
    assert.deepEqual((await findingsOf(log, 'key')).texts, [])
    assert.equal((await findingsOf(log, 'public key')).verdict.isWhole, false)
  }
})

test('a history that is written anew with every key is told by a checkpoint that was kept', async () => {
  const log = newLog()
  log.run(messages)
  const [, kept] = historyOf(log)
  log.run(messages)
  const known = [kept!.checkpoint]
  assert.deepEqual((await findingsOf(log, 'public key', { known })).texts, [])
  rmSync(log.path)
  rmSync(log.checkpointPath)
  log.run(messages)
  assert.deepEqual((await findingsOf(log, 'public key')).texts, [])
  assert.deepEqual((await findingsOf(log, 'public key', { known })).texts, ['error checkpoint'])
})

test('a checkpoint that is changed, or signed by somebody else, is not genuine', async () => {
  const log = newLog()
  log.run(messages)
  const text = readFileSync(log.checkpointPath, 'utf8')
  const other = new NoteSigner(Buffer.alloc(32, 1))
  const [first = ''] = text.split('\n\n')
  for (const forged of [
    text.replace('\n4\n', '\n5\n'),
    text.replace(first, ''),
    `${other.sign(`${first}\n`)}${text}`,
  ]) {
    writeFileSync(log.checkpointPath, forged)
    assert.ok((await findingsOf(log, 'public key')).texts.includes('error checkpoint 1'))
  }
})

test('a program that was killed has no end, and its lines get their checkpoint at the next start', async () => {
  const log = newLog()
  log.run(messages, 4, false)
  const { verdict, texts } = await findingsOf(log, 'public key')
  assert.deepEqual(texts, ['warning uncovered 10'])
  assert.equal(verdict.covered, 8)
  appendFileSync(log.path, '{"cut')
  log.run(messages)
  assert.deepEqual((await findingsOf(log, 'key')).texts, ['error malformed 12', 'error no-end 14'])
  const after = await findingsOf(log, 'public key')
  assert.deepEqual(after.texts, ['error malformed 12'])
  assert.equal(after.verdict.covered, 22)
})

test('rotated files are one log: moved, packed, and copied before they are cut', async () => {
  const log = newLog('plaintext')
  log.run(messages)
  writeFileSync(`${log.path}.2.gz`, gzipSync(readFileSync(log.path)))
  truncateSync(log.path)
  log.pause()
  log.run(messages)
  renameSync(log.path, `${log.path}.1`)
  log.pause()
  log.run(messages)
  const files = rotatedFiles(log.path)
  assert.deepEqual(files, [`${log.path}.2.gz`, `${log.path}.1`, log.path])
  for (const by of ['key', 'public key'] as const) {
    assert.deepEqual((await findingsOf(log, by, { files })).texts, [])
    const missing = [files[0]!, `${files[1]}.gone`, files[2]!]
    assert.ok((await findingsOf(log, by, { files: missing })).texts.includes('error missing-file'))
  }
  const late = await findingsOf(log, 'public key', { files: files.slice(1), isMissingOk: true })
  assert.equal(late.verdict.isWhole, true)
  assert.equal(late.verdict.covered, 24)
  assert.equal(
    (await findingsOf(log, 'public key', { files: files.slice(1) })).verdict.isWhole,
    false,
  )
  const ok = await findingsOf(log, 'key', { files: [...files, '/nowhere'], isMissingOk: true })
  assert.deepEqual(ok.texts, ['warning missing-file'])
})

test('files that logrotate names by the day come in the order of their days', () => {
  const folder = mkdtempSync(join(root, 'dated-'))
  for (const name of [
    'a.log',
    'a.log-20261123.gz',
    'a.log-20261122',
    'a.log.lock',
    'a.log.bak',
    'b.log',
  ])
    writeFileSync(join(folder, name), '')
  const names = rotatedFiles(join(folder, 'a.log')).map((path) => path.slice(folder.length + 1))
  assert.deepEqual(names, ['a.log-20261122', 'a.log-20261123.gz', 'a.log'])
})

test('unsigned lines are told, and are an error inside a chain where that is asked for', async () => {
  const log = newLog('plaintext')
  log.run(messages)
  change(log, (lines) => lines.toSpliced(5, 0, 'time="2026-11-25T00:00:00Z" level=info msg=forged'))
  const { findings } = await findingsOf(log, 'key')
  assert.deepEqual(
    findings.map(({ severity, message }) => `${severity}: ${message}`),
    ['warning: No integrity check for line:  1', 'warning: No integrity check for line:  6'],
  )
  const strict = await findingsOf(log, 'key', { isStrict: true })
  assert.deepEqual(strict.texts, ['error unsigned 6'])
})

test('a log of another keystore does not verify, and any version of the key does', async () => {
  const log = newLog()
  log.run(messages)
  const other = Buffer.alloc(32, 1)
  assert.deepEqual((await findingsOf(log, 'key', { keys: [other] })).texts, ['error changed 2'])
  assert.deepEqual((await findingsOf(log, 'key', { keys: [other, auditKey] })).texts, [])
})

test('every line is proved to whoever has the public key, and no other line is', async () => {
  const log = newLog()
  log.run(messages)
  log.run(messages)
  const settings = { files: [log.path], format: log.format }
  const history = historyOf(log)
  const lines = log.lines()
  for (const [at, line] of lines.entries()) {
    if (!line.includes('integrity":')) {
      await assert.rejects(proveLine(settings, at + 1, history), { code: 'audit-proof-invalid' })
      continue
    }
    const proof = await proveLine(settings, at + 1, history)
    assert.equal((proof as { line: string }).line, line)
    checkProof(proof, [signer.verifier])
    const forged = { ...proof, line: line.replace('someid', 'nobody').replace('chain', 'chian') }
    assert.throws(() => checkProof(forged as Proof, [signer.verifier]), {
      code: 'audit-proof-invalid',
    })
    const stranger = new NoteSigner(Buffer.alloc(32, 1)).verifier
    assert.throws(() => checkProof(proof, [stranger]), { code: 'audit-checkpoint-not-genuine' })
  }
  await assert.rejects(proveLine(settings, 99, history), { code: 'audit-proof-invalid' })
})

test('two checkpoints are proved to be of one history, and two of different ones are not', async () => {
  const log = newLog()
  log.run(messages)
  const settings = { files: [log.path], format: log.format }
  for (const older of historyOf(log)) {
    const proof = await proveHistory(settings, older, historyOf(log))
    checkProof(proof, [signer.verifier])
    const forged = { ...proof, hashes: ['A'.repeat(43).concat('=')] } as Proof
    assert.throws(() => checkProof(forged, [signer.verifier]), { code: 'audit-proof-invalid' })
  }
  const other = newLog()
  other.run(messages.with(0, 'other'))
  const [older] = historyOf(other)
  await assert.rejects(proveHistory(settings, older!, historyOf(log)), {
    code: 'audit-proof-invalid',
  })
})
