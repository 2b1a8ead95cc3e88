import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { Logger } from '../observe/index.ts'
import type { Host } from './host.ts'
import { LogFileError, setUpServiceLog, startLog, toolLog } from './log-setup.ts'

const folder = mkdtempSync(join(tmpdir(), 'acra-log-setup-'))
after(() => rmSync(folder, { recursive: true }))

const product = { name: 'acra-x', version: '0.1.0' }
const defaults = {
  logging_format: 'plaintext',
  log_to_console: true,
  log_to_file: '',
  v: false,
  d: false,
} as const

function fakeHost(terminal: boolean, environment = {}): { host: Host; lines: string[] } {
  const lines: string[] = []
  const host: Host = {
    words: [],
    environment,
    terminal,
    stdout: { write: () => assert.fail('the log is not for stdout') },
    stderr: { write: (line) => lines.push(line) },
    processId: 1,
    clock: { now: () => 5000, zone: () => 0 },
    listen: () => {},
    exit: () => assert.fail('a log ends nothing'),
  }
  return { host, lines }
}

function isColoured(terminal: boolean, environment: object, log: (host: Host) => Logger): boolean {
  const { host, lines } = fakeHost(terminal, environment)
  log(host).error('m')
  assert.equal(lines.length, 1)
  return lines[0]!.startsWith('\x1b[31mERRO\x1b[0m[')
}

const service = (options: object) => (host: Host) =>
  setUpServiceLog({ ...defaults, ...options }, product, host).log

test('there are colours at a terminal only, and not where NO_COLOR is set', () => {
  for (const log of [toolLog, service({}), (host: Host) => startLog(new Map(), product, host)]) {
    assert.equal(isColoured(true, {}, log), true)
    assert.equal(isColoured(true, { NO_COLOR: '' }, log), true)
    assert.equal(isColoured(true, { NO_COLOR: '1' }, log), false)
    assert.equal(isColoured(false, {}, log), false)
  }
})

test('there are no colours with a log file, nor in other formats', () => {
  assert.equal(isColoured(true, {}, service({ log_to_file: join(folder, 'a.log') })), false)
  assert.equal(isColoured(true, {}, service({ logging_format: 'json' })), false)
  assert.equal(isColoured(true, {}, service({ logging_format: 'CEF' })), false)
})

test('the log file gets every line that the console gets', () => {
  const path = join(folder, 'b.log')
  const { host, lines } = fakeHost(false)
  const { log, start } = setUpServiceLog({ ...defaults, log_to_file: path }, product, host)
  start.info('one')
  log.info('too quiet')
  log.warning('two')
  assert.equal(lines.length, 2)
  assert.equal(readFileSync(path, 'utf8'), lines.join(''))
})

test('a log file that cannot be opened is an error of its own', () => {
  const { host } = fakeHost(false)
  const options = { ...defaults, log_to_file: join(folder, 'absent/a.log') }
  assert.throws(() => setUpServiceLog(options, product, host), LogFileError)
})

test('the start of a service speaks in the format of the command line', () => {
  const { host, lines } = fakeHost(true)
  const given = new Map([['logging_format', { value: 'JSON', origin: null }]])
  startLog(given, product, host).info('m')
  assert.equal(JSON.parse(lines[0]!).msg, 'm')
})
