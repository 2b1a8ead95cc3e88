/**
 * A service for the tests of what every service does: it shows its options, and waits or fails as
 * it is asked to.
 */
import { AcraError } from '../../foundation/index.ts'
import { choice, flag, ignored, int, text, waits } from '../../options/index.ts'
import { runProgram } from '../process.ts'
import type { Program } from '../program.ts'

const options = {
  port: int(5432, 'Port of the database', { min: 1, max: 65_535 }),
  client_id: text('', 'Client id of every connection'),
  mode: choice(['refuse', 'pass'], 'refuse', 'What to do'),
  password: waits('Redis', text('', 'Password of Redis', { secret: true })),
  mysql_enable: waits('MySQL', flag(false, 'The database is MySQL')),
  ds: ignored('there is no profiling server', flag(false, 'Offer profiles')),
  until_signal: flag(false, 'Wait for a signal'),
  fail: choice(
    ['', 'expected', 'listed', 'unexpected', 'later', 'rejection', 'code'],
    '',
    'How to fail',
  ),
} as const

const program: Program<typeof options> = {
  name: 'service',
  kind: 'service',
  description: 'Shows its options.',
  examples: ['service --port=5433', 'service --config_file=service.yaml -v'],
  options,
  async run({ options, log, print, stop, onReload }) {
    const { port, client_id, mode } = options
    log.debug('Working', { mode })
    log.info('Working', { client_id })
    log.warning('Working', { port })
    fail(options.fail)
    if (options.fail === 'code') return 1
    print(`port=${port} client_id=${client_id} mode=${mode}\n`)
    if (!options.until_signal) return 0
    onReload((next) => {
      if (next.mode === 'pass') throw new AcraError('mode-fixed', 'the mode is fixed')
      print(`reloaded port=${next.port}\n`)
    })
    print('ready\n')
    await aborted(stop)
    print('stopping\n')
    if (options.fail === 'later') await new Promise(() => setInterval(() => {}, 60_000))
    return 0
  },
}

function fail(how: string): void {
  if (how === 'expected') {
    throw new AcraError('store-unusable', 'the store cannot be used', { cause: new Error('EIO') })
  }
  if (how === 'listed') {
    throw new AcraError('encryptor-config-invalid', 'not valid\ne.yaml:1:1: one\ne.yaml:2:1: two')
  }
  if (how === 'unexpected') throw new TypeError('x is not a function')
  if (how === 'rejection') Promise.reject(new Error('nobody waited for me'))
}

/** Resolves once the signal is aborted; keeps the process alive until then. */
function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setInterval(() => {}, 60_000)
    signal.addEventListener('abort', () => {
      clearInterval(timer)
      resolve()
    })
  })
}

await runProgram(program)
