import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { AcraError } from '../foundation/index.ts'
import { events } from './events.ts'
import { plaintext } from './formats/plaintext.ts'
import { createLogger, type Logger } from './log.ts'
import { LEVELS, type Level } from './record.ts'
import { FileSink, type Sink } from './sink.ts'

const clock = { now: () => 0, zone: () => 0 }

const folder = mkdtempSync(join(tmpdir(), 'acra-log-'))
after(() => rmSync(folder, { recursive: true }))

function recording(level: Level = 'debug'): { log: Logger; lines: string[] } {
  const lines: string[] = []
  const sink: Sink = { write: (line) => lines.push(line.replace(/^time="[^"]*" /, '').trimEnd()) }
  return { log: createLogger({ level, outputs: [{ format: plaintext, sink }], clock }), lines }
}

test('a logger writes its level and those above', () => {
  for (const [at, level] of LEVELS.entries()) {
    const { log, lines } = recording(level)
    for (const one of LEVELS) log.log(one, 'm')
    assert.deepEqual(
      lines,
      LEVELS.slice(at).map((one) => `level=${one} msg=m`),
    )
    assert.deepEqual(
      LEVELS.map((one) => log.enabled(one)),
      LEVELS.map((_, index) => index >= at),
    )
  }
})

test('bound fields stand on every line, and a line may replace them', () => {
  const { log, lines } = recording()
  const session = log.with({ client_id: 'a', session_id: 1 }).with({ session_id: 2 })
  session.info('m')
  session.info('m', { client_id: 'b', other: undefined })
  log.info('m')
  assert.deepEqual(lines, [
    'level=info msg=m client_id=a session_id=2',
    'level=info msg=m client_id=b session_id=2',
    'level=info msg=m',
  ])
})

test('an event has the level, message and code of the table', () => {
  const { log, lines } = recording()
  log.event(events.statementRefused, { client_id: 'a' })
  log.event(events.cannotReadKeys, { error: new AcraError('c', 'no such key') }, "Can't read key")
  log.event(events.statementRefused, { code: 1 })
  assert.deepEqual(lines, [
    'level=warning msg="Statement refused" client_id=a code=2000',
    'level=error msg="Can\'t read key" code=511 error="no such key"',
    'level=warning msg="Statement refused" code=2000',
  ])
})

test('every code stands once in the table', () => {
  const codes = Object.values(events).map(({ code }) => code)
  assert.equal(new Set(codes).size, codes.length)
  assert.ok(codes.every((code) => code < 1400 || (code >= 2000 && code < 3000)))
})

test('whatever is logged, the caller is not harmed', () => {
  const { log, lines } = recording()
  const hostile = {
    get error(): never {
      throw new Error('no')
    },
  }
  log.info('m', hostile)
  log.with(hostile).info('m')
  log.error('m', {
    error: null,
    a: Symbol('s'),
    b: () => 1,
    c: { toString: null },
    d: Uint8Array.of(1),
  })
  log.error('m', { error: Object.assign(new Error('x'), { cause: 'text' }) })
  const loop = new Error('loop')
  loop.cause = loop
  log.error('m', { error: loop })
  assert.deepEqual(lines, [
    'level=info msg=m fields_lost=true',
    'level=info msg=m fields_lost=true',
    'level=error msg=m a="(symbol)" b="(function)" c="(object)" d="(object)" error="<nil>"',
    'level=error msg=m error=x',
    'level=error msg=m error="loop: loop: loop: loop: loop"',
  ])
})

test('lines that cannot be written are counted and told later', () => {
  const lines: string[] = []
  let broken = true
  const sink: Sink = {
    write(line) {
      if (broken) throw new Error('ENOSPC')
      lines.push(line)
    },
  }
  const log = createLogger({ level: 'info', outputs: [{ format: plaintext, sink }], clock })
  log.info('one')
  log.info('two')
  broken = false
  log.info('three')
  log.info('four')
  assert.deepEqual(
    lines.map((line) => line.replace(/^.*level=/, '')),
    [
      'warning msg="Log lines could not be written and are lost" lost=2\n',
      'info msg=three\n',
      'info msg=four\n',
    ],
  )
})

test('each output has its own format, and one that fails does not stop the others', () => {
  const lines: string[] = []
  const outputs = [
    { format: plaintext, sink: { write: () => assert.fail('broken') } },
    { format: () => 'x\n', sink: { write: (line: string) => void lines.push(line) } },
  ]
  createLogger({ level: 'info', outputs, clock }).info('m')
  assert.equal(lines.at(-1), 'x\n')
})

test('a log file is appended to and belongs to its owner alone', () => {
  const path = join(folder, 'a.log')
  new FileSink(path).write('one\n')
  new FileSink(path).write('two é\n')
  assert.equal(readFileSync(path, 'utf8'), 'one\ntwo é\n')
  assert.equal(statSync(path).mode & 0o777, 0o600)
})

test('a log file that was renamed is begun anew when it is reopened', () => {
  const path = join(folder, 'b.log')
  const sink = new FileSink(path)
  sink.write('one\n')
  renameSync(path, `${path}.1`)
  sink.write('two\n')
  sink.reopen()
  sink.write('three\n')
  assert.equal(readFileSync(`${path}.1`, 'utf8'), 'one\ntwo\n')
  assert.equal(readFileSync(path, 'utf8'), 'three\n')
})

test('where a log file cannot be reopened the old one stays in use', () => {
  const path = join(folder, 'c.log')
  const sink = new FileSink(path)
  renameSync(path, `${path}.1`)
  mkdirSync(path)
  assert.throws(() => sink.reopen(), /EISDIR/)
  sink.write('still\n')
  assert.equal(readFileSync(`${path}.1`, 'utf8'), 'still\n')
})
