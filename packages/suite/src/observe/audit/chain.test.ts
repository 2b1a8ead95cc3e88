import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { jsonFormat } from '../formats/json.ts'
import { AuditedSink } from './audited-sink.ts'
import { AuditChain, hasTag } from './chain.ts'
import { type AuditFormat, END_MESSAGE, lineForms } from './lines.ts'

interface Vectors {
  readonly key: string
  readonly acra_0_90: Readonly<Record<AuditFormat, string>>
  readonly acra_0_96: Readonly<Record<AuditFormat, string>>
}

const vectors: Vectors = JSON.parse(
  readFileSync(new URL('../../../test/vectors/audit-log.json', import.meta.url), 'utf8'),
)
const key = Buffer.from(vectors.key, 'hex')
const formats = ['plaintext', 'json', 'cef'] as const
const releases = ['acra_0_90', 'acra_0_96'] as const

test('every line of the logs of Acra has the tag that the chain gives it', () => {
  for (const release of releases) {
    for (const format of formats) {
      let chain = new AuditChain(key)
      const lines = linesOf(vectors[release][format])
      assert.ok(lines.length > 0)
      for (const [at, text] of lines.entries()) {
        const line = lineForms[format].signed(Buffer.from(text))
        assert.ok(line !== null)
        if (line.isNew) chain = new AuditChain(key)
        const step = chain.next(line.covered)
        assert.ok(hasTag(step, line.tag), `${release} ${format} line ${at + 1}`)
        assert.equal(step.isNew, line.isNew)
        chain.take(step)
      }
    }
  }
})

test('the lines of Acra, unsigned and signed by us, are the same bytes', () => {
  for (const release of releases) {
    for (const format of formats) {
      const out: string[] = []
      const sink = new AuditedSink({ write: (line) => out.push(line) }, format)
      for (const text of linesOf(vectors[release][format])) {
        if (lineForms[format].signed(Buffer.from(text))?.isNew) sink.begin(key)
        sink.write(withoutTag(text, format))
      }
      assert.equal(out.join(''), vectors[release][format])
    }
  }
})

test('the end of a chain is told by its field and its message', () => {
  for (const format of formats) {
    const lines = linesOf(vectors.acra_0_96[format])
    const ends = lines.map((text) => lineForms[format].signed(Buffer.from(text))?.isEnd)
    assert.ok(ends.includes(true))
    for (const [at, text] of lines.entries())
      assert.equal(ends[at], text.includes(END_MESSAGE), text)
  }
})

test('a message may hold the word that stands before a tag', () => {
  for (const format of ['plaintext', 'cef'] as const) {
    const form = lineForms[format]
    const unsigned = form.unsigned('msg="a integrity=00 chain=new b" \n')
    const chain = new AuditChain(key)
    const step = chain.next(unsigned.covered)
    const read = form.signed(Buffer.from(unsigned.signed(step).slice(0, -1)))
    assert.ok(read !== null)
    assert.equal(read.covered.toString(), unsigned.covered)
    assert.ok(hasTag(step, read.tag) && read.isNew)
  }
})

test('a line that could not be written is no part of the chain', () => {
  const out: string[] = []
  let isFull = false
  const write = (line: string) => {
    if (isFull) throw new Error('ENOSPC')
    out.push(line)
  }
  const sink = new AuditedSink({ write }, 'plaintext')
  sink.begin(key)
  sink.write('one\n')
  isFull = true
  assert.throws(() => sink.write('lost\n'))
  isFull = false
  sink.write('two\n')
  const chain = new AuditChain(key)
  for (const text of out) {
    const line = lineForms.plaintext.signed(Buffer.from(text.slice(0, -1)))!
    const step = chain.next(line.covered)
    assert.ok(hasTag(step, line.tag), text)
    chain.take(step)
  }
  assert.equal(out.length, 2)
})

test('a cut line in a JSON log is signed as what it is', () => {
  const out: string[] = []
  const sink = new AuditedSink({ write: (line) => out.push(line) }, 'json')
  sink.begin(key)
  sink.write('{"msg":"cu\n')
  const { msg, line } = JSON.parse(out[0]!)
  assert.deepEqual(
    { msg, line },
    { msg: 'Cut line of a process that has ended', line: '{"msg":"cu\n' },
  )
})

function linesOf(text: string): string[] {
  return text.split('\n').slice(0, -1)
}

/** The line as the formatter of Acra had made it before it was signed. */
function withoutTag(text: string, format: AuditFormat): string {
  if (format !== 'json') {
    const plain = text.slice(0, text.lastIndexOf(' integrity='))
    return format === 'cef' ? `${plain} \n` : `${plain}\n`
  }
  const members = JSON.parse(text)
  delete members.integrity
  if (members.chain === 'new') delete members.chain
  return `${JSON.stringify(members)}\n`
}

test('a JSON line is signed alike whether its members are taken as they stand or read', () => {
  const product = { name: 'acra-x', version: '0.1.0' }
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.string({ unit: 'binary' }), fieldValues)),
      fc.string({ unit: 'binary' }),
      (entries, message) => {
        const record = {
          time: 0,
          zone: 0,
          level: 'info',
          message,
          fields: new Map(entries),
        } as const
        const line = jsonFormat(product)(record)
        // A space is nothing to who reads, and is not as our format writes.
        const spaced = `{ ${line.slice(1)}`
        const [plain, read] = [line, spaced].map((text) => lineForms.json.unsigned(text))
        assert.equal(plain!.covered, read!.covered)
        const step = new AuditChain(key).next(plain!.covered)
        assert.equal(plain!.signed(step), read!.signed(step))
      },
    ),
  )
})

const fieldValues = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.double(),
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
  fc.array(fc.string({ unit: 'binary' })),
)
