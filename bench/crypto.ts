/**
 * What the envelopes cost beside the calls into node:crypto that each of them cannot do without.
 *
 *     npm run bench -- crypto [--rounds=15] [--write]
 *
 * Candidates take turns in one process; figures are CPU time, medians over the rounds. Only the ratios of one run count.
 * The bare calls get their inputs cut and ready, and their random bytes for nothing.
 */
import {
  createCipheriv,
  createDecipheriv,
  createECDH,
  createHmac,
  createSecretKey,
  type KeyObject,
} from 'node:crypto'
import { parseArgs } from 'node:util'
import {
  BlockKey,
  generateKeyPair,
  identify,
  openBlock,
  openEnvelopes,
  openerOf,
  openStruct,
  type Sink,
  StructPrivateKey,
  StructPublicKey,
  sealBlock,
  sealBlockInContainer,
  sealStruct,
} from '@acra-ts/crypto'
import { nodePrimitives as p } from '@acra-ts/crypto/node'
import { table, writeSection } from './document.ts'
import { machine, median } from './machine.ts'

const { values: settings } = parseArgs({
  options: {
    rounds: { type: 'string', default: '15' },
    /** Puts the table into docs/benchmarks.md. */
    write: { type: 'boolean', default: false },
  },
})
const ROUNDS = Number(settings.rounds)
if (!Number.isInteger(ROUNDS) || ROUNDS < 1) throw new Error('--rounds is a whole number above 0')
const ROUND_MS = 40

interface Candidate {
  readonly name: string
  readonly run: () => void
}

interface Question {
  readonly what: string
  /** The candidate that is compared, then what it is compared with. */
  readonly candidate: Candidate
  readonly bare: Candidate
  readonly target: number | null
}

/** A sink that starts again at its beginning: what a chunk of rows amounts to, without growing. */
class RepeatedSink implements Sink {
  readonly bytes = Buffer.allocUnsafeSlow(4 << 20)
  length = 0

  reserve(size: number): number {
    if (this.length + size > this.bytes.length) this.length = 0
    const at = this.length
    this.length = at + size
    return at
  }

  truncate(length: number): void {
    this.length = length
  }
}

const sink = new RepeatedSink()
const rawKeysAreSlow = /^v24\./.test(process.version)
const prepared = (key: Buffer): Buffer | KeyObject => (rawKeysAreSlow ? createSecretKey(key) : key)
const kdfInput = Buffer.concat([
  Buffer.from([0, 0, 0, 1]),
  Buffer.from('Themis secure cell message key\0'),
  Buffer.alloc(4),
])

function bareDecrypt(key: Buffer | KeyObject, iv: Buffer, tag: Buffer, text: Buffer): Buffer {
  const decipher = createDecipheriv('aes-256-gcm', key, iv)
  decipher.setAuthTag(tag)
  const plain = decipher.update(text)
  decipher.final()
  return plain
}

function bareEncrypt(key: Buffer | KeyObject, iv: Buffer, plain: Buffer): [Buffer, Buffer] {
  const cipher = createCipheriv('aes-256-gcm', key, iv)
  const text = cipher.update(plain)
  cipher.final()
  return [text, cipher.getAuthTag()]
}

function bareDerive(key: Buffer | KeyObject): Buffer {
  return createHmac('sha256', key).update(kdfInput).digest()
}

/** A cell as the bare calls want it. */
function bareCell(key: Buffer, plain: Buffer) {
  const derived = bareDerive(prepared(key))
  const iv = Buffer.from(p.random(12))
  const [text, tag] = bareEncrypt(prepared(derived), iv, plain)
  return { derived: prepared(derived), iv, tag, text }
}

function questionsFor(size: number): Question[] {
  const plain = Buffer.from(p.random(size))
  const key = Buffer.from(p.random(32))
  const dataKey = Buffer.from(p.random(32))
  const wrapped = bareCell(key, dataKey)
  const payload = bareCell(dataKey, plain)
  const openBare = () => {
    const opened = bareDecrypt(wrapped.derived, wrapped.iv, wrapped.tag, wrapped.text)
    const derived = bareDerive(prepared(opened))
    bareDecrypt(prepared(derived), payload.iv, payload.tag, payload.text)
  }
  const blockKey = new BlockKey(p, key)
  const block = sealed((out) => sealBlock(blockKey, plain, out))
  const contained = sealed((out) => sealBlockInContainer(blockKey, plain, out))
  const opener = openerOf([blockKey], [])

  const pair = generateKeyPair(p)
  const privateKey = new StructPrivateKey(p, pair.privateKey)
  const publicKey = new StructPublicKey(p, pair.publicKey)
  const struct = sealed((out) => sealStruct(publicKey, plain, out))
  const ecdh = createECDH('prime256v1')
  ecdh.setPrivateKey(pair.privateKey.subarray(13))
  const peer = Buffer.from(struct.subarray(20, 53))
  const ownPoint = ecdh.getPublicKey()

  return [
    {
      what: `AcraBlock open, ${size} B`,
      candidate: {
        name: 'openBlock',
        run: () => openBlock([blockKey], block, 0, block.length, sink),
      },
      bare: { name: '2 decipher, 1 HMAC', run: openBare },
      target: 1.2,
    },
    {
      what: `AcraBlock in a container, found by the scan, ${size} B`,
      candidate: {
        name: 'openEnvelopes',
        run: () => openEnvelopes(contained, 0, contained.length, opener, sink),
      },
      bare: { name: '2 decipher, 1 HMAC', run: openBare },
      target: 1.2,
    },
    {
      what: `AcraBlock seal, ${size} B`,
      candidate: { name: 'sealBlock', run: () => sealBlock(blockKey, plain, sink) },
      bare: {
        name: '2 cipher, 1 HMAC',
        run: () => {
          bareEncrypt(wrapped.derived, wrapped.iv, dataKey)
          const derived = bareDerive(prepared(dataKey))
          bareEncrypt(prepared(derived), payload.iv, plain)
        },
      },
      target: 1.3,
    },
    {
      what: `AcraStruct open, ${size} B`,
      candidate: {
        name: 'openStruct',
        run: () => openStruct([privateKey], struct, 0, struct.length, sink),
      },
      bare: {
        name: '1 ECDH, 2 decipher, 2 HMAC',
        run: () => {
          bareDerive(prepared(ecdh.computeSecret(peer)))
          openBare()
        },
      },
      target: 1.2,
    },
    {
      what: `AcraStruct seal, ${size} B`,
      candidate: { name: 'sealStruct', run: () => sealStruct(publicKey, plain, sink) },
      bare: {
        name: 'new pair, 1 ECDH, 2 cipher, 2 HMAC',
        run: () => {
          const fresh = createECDH('prime256v1')
          fresh.generateKeys()
          const derived = bareDerive(prepared(fresh.computeSecret(ownPoint)))
          bareEncrypt(prepared(derived), wrapped.iv, dataKey)
          const payloadKey = bareDerive(prepared(dataKey))
          bareEncrypt(prepared(payloadKey), payload.iv, plain)
        },
      },
      target: null,
    },
  ]
}

function sealed(seal: (out: Sink) => void): Uint8Array {
  const out = new RepeatedSink()
  seal(out)
  const bytes = Buffer.from(out.bytes.subarray(0, out.length))
  if (identify(bytes) === null) throw new Error('what was sealed is no envelope')
  return bytes
}

/** CPU microseconds of one call. */
function measure({ run }: Candidate, calls: number): number {
  const before = process.cpuUsage()
  for (let i = 0; i < calls; i++) run()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / calls
}

function callsFor(candidate: Candidate): number {
  measure(candidate, 500)
  return Math.ceil((ROUND_MS * 1000) / measure(candidate, 500))
}

function answer({ what, candidate, bare, target }: Question): string[] {
  const calls = Math.min(callsFor(candidate), callsFor(bare))
  const ours: number[] = []
  const theirs: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const [first, second] = round % 2 === 0 ? [candidate, bare] : [bare, candidate]
    const figures = [measure(first, calls), measure(second, calls)]
    ours.push(figures[round % 2 === 0 ? 0 : 1])
    theirs.push(figures[round % 2 === 0 ? 1 : 0])
  }
  const ratio = median(ours.map((figure, round) => figure / theirs[round]))
  const verdict =
    target === null ? ['', ''] : [`at most ${target}`, ratio <= target ? 'yes' : '**no**']
  const figures = [median(ours), median(theirs), ratio].map((figure) => figure.toFixed(2))
  console.log(`${what}: ${figures.join(' ')}`)
  return [what, figures[0], bare.name, figures[1], figures[2], ...verdict]
}

const at = machine()
const heads = ['', 'CPU µs', 'the bare calls', 'CPU µs', 'ratio', 'target', 'reached']
const text = [
  `Node ${at.node}, OpenSSL ${process.versions.openssl}; ${at.cpu}, ${at.cores} cores, load average at the start ${at.load.toFixed(1)}. Commit ${at.commit}.`,
  `${ROUNDS} rounds, interleaved; medians of CPU time and of the ratios of each round.`,
  '',
  ...table(heads, [100, 1024].flatMap(questionsFor).map(answer)),
].join('\n')
console.log(`\n${text}`)
if (settings.write) writeSection('crypto', text)
