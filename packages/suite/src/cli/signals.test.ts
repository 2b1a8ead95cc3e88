import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, afterEach, test } from 'node:test'
import { fileURLToPath } from 'node:url'

const program = fileURLToPath(new URL('testing/service.js', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'acra-signals-'))
const running = new Set<ChildProcess>()
afterEach(() => {
  for (const child of running) child.kill('SIGKILL')
  running.clear()
})
after(() => rmSync(folder, { recursive: true }))

/** A service that waits for signals, once it is ready. */
class Service {
  readonly child: ChildProcess
  readonly #lines: AsyncIterator<string>
  readonly #exit: Promise<unknown[]>

  constructor(words: readonly string[], script = program, environment = {}) {
    const own = script.includes('acra-server') ? [] : ['--until_signal']
    this.child = spawn(process.execPath, [script, ...own, ...words], {
      cwd: folder,
      env: { ...process.env, ...environment },
    })
    running.add(this.child)
    this.#exit = once(this.child, 'exit')
    const both = this.child.stdout!
    this.child.stderr!.on('data', (chunk) => both.push(chunk))
    this.#lines = createInterface({ input: both })[Symbol.asyncIterator]()
  }

  /** Waits for a line on stdout or stderr that holds `text`. */
  async says(text: string): Promise<string> {
    for (;;) {
      const { value, done } = await this.#lines.next()
      if (done === true) assert.fail(`the service ended without saying: ${text}`)
      if (value.includes(text)) return value
    }
  }

  /** The exit code, or the signal that ended it. */
  async ends(): Promise<unknown> {
    const [code, signal] = await this.#exit
    return code ?? signal
  }
}

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(`${signal} asks a service to stop, and it ends with 0`, async () => {
    const service = new Service([])
    await service.says('ready')
    service.child.kill(signal)
    await service.says('stopping')
    assert.equal(await service.ends(), 0)
  })
}

test('a second signal ends a service that takes its time', async () => {
  const service = new Service(['--fail=later'])
  await service.says('ready')
  service.child.kill('SIGTERM')
  await service.says('stopping')
  service.child.kill('SIGTERM')
  assert.equal(await service.ends(), 1)
})

test('SIGHUP gives the options anew; where they cannot be used the old ones stay', async () => {
  const config = join(folder, 'reload.yaml')
  writeFileSync(config, 'version: 0.96.0\nport: 1\n')
  const service = new Service([`--config_file=${config}`])
  await service.says('port=1')
  await service.says('ready')
  writeFileSync(config, 'version: 0.96.0\nport: 2\n')
  service.child.kill('SIGHUP')
  await service.says('reloaded port=2')
  writeFileSync(config, 'version: 0.96.0\nport: x\n')
  service.child.kill('SIGHUP')
  const unreadable = await service.says("Can't read configuration again, the old one stays")
  assert.match(unreadable, /code=508 error=".*reload\.yaml:2:7: port: /)
  writeFileSync(config, 'version: 0.96.0\nport: 3\nmode: pass\n')
  service.child.kill('SIGHUP')
  assert.match(await service.says('the old one stays'), /error="the mode is fixed"/)
  writeFileSync(config, 'version: 0.96.0\nport: 4\nv: true\n')
  service.child.kill('SIGHUP')
  await service.says('v cannot change while the service runs, restart it')
  await service.says('reloaded port=4')
  service.child.kill('SIGTERM')
  assert.equal(await service.ends(), 0)
})

test('SIGHUP goes on in a new log file after a rotation', async () => {
  const path = join(folder, 'a.log')
  const service = new Service(['-v', `--log_to_file=${path}`])
  await service.says('ready')
  renameSync(path, `${path}.1`)
  service.child.kill('SIGHUP')
  await service.says('Configuration was read again')
  service.child.kill('SIGTERM')
  assert.equal(await service.ends(), 0)
  assert.match(readFileSync(path, 'utf8'), /Configuration was read again/)
  assert.ok(!readFileSync(`${path}.1`, 'utf8').includes('Configuration was read again'))
})

test('a tool is ended by a signal', async () => {
  const tool = fileURLToPath(new URL('testing/tool.js', import.meta.url))
  const child = spawn(process.execPath, [tool, '--name=x', '--lines'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  running.add(child)
  child.stdout.once('data', () => {
    child.stdout.destroy()
    child.kill('SIGTERM')
  })
  const [code, signal] = await once(child, 'exit')
  assert.ok(signal === 'SIGTERM' || code === 1)
})

test('the system knows the process by the name of the program, also when it was started by a link', async (t) => {
  if (spawnSync('pidof', ['-h']).error !== undefined) return t.skip('there is no pidof here')
  const link = join(folder, 'started-by-a-link.js')
  symlinkSync(program, link)
  const service = new Service(['--client_id=a secret of the command line'], link)
  await service.says('ready')
  assert.ok(pidsOf('service').includes(service.child.pid!))
  const words = readFileSync(`/proc/${service.child.pid}/cmdline`, 'utf8')
  assert.ok(!words.includes('secret'))
})

test('pidof finds acra-server', async (t) => {
  if (spawnSync('pidof', ['-h']).error !== undefined) return t.skip('there is no pidof here')
  const stub = fileURLToPath(new URL('../../bin/acra-server.js', import.meta.url))
  const link = join(folder, 'acra-server')
  symlinkSync(stub, link)
  const words = ['-v', '--db_host=127.0.0.1', '--incoming_connection_string=tcp://127.0.0.1:0/']
  const environment = { ACRA_MASTER_KEY: Buffer.alloc(32, 7).toString('base64') }
  const service = new Service(words, link, environment)
  await service.says('Listening')
  assert.ok(pidsOf('acra-server').includes(service.child.pid!))
  service.child.kill('SIGTERM')
  assert.equal(await service.ends(), 0)
})

function pidsOf(name: string): number[] {
  return spawnSync('pidof', [name], { encoding: 'utf8' }).stdout.trim().split(' ').map(Number)
}
