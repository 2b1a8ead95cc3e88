import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface RedisServerSettings {
  /** Further words of its command line. */
  readonly words?: readonly string[]
  /** Listens by TLS alone; `words` say with which files. */
  readonly tls?: boolean
}

/** The program `redis-server` on a free port of the loopback, its data in a folder that goes with it. */
export class RedisServer {
  readonly host = '127.0.0.1'
  readonly port: number
  readonly #folder = mkdtempSync(join(tmpdir(), 'acra-redis-'))
  readonly #settings: RedisServerSettings
  #child: ChildProcess | null = null

  private constructor(port: number, settings: RedisServerSettings) {
    this.port = port
    this.#settings = settings
  }

  static async start(settings: RedisServerSettings = {}): Promise<RedisServer> {
    for (let attempt = 1; ; attempt++) {
      const server = new RedisServer(await freePort(), settings)
      try {
        await server.resume()
        return server
      } catch (error) {
        await server.stop()
        // Somebody else may have taken the port meanwhile.
        if (attempt === 5) throw error
      }
    }
  }

  get hostPort(): string {
    return `${this.host}:${this.port}`
  }

  /** Starts it again, with what it had: every change is written, though not synced, before it is answered. */
  async resume(): Promise<void> {
    const { words = [], tls = false } = this.#settings
    const port = tls ? ['--port', '0', '--tls-port', `${this.port}`] : ['--port', `${this.port}`]
    const disk = ['--save', '', '--appendonly', 'yes', '--appendfsync', 'everysec']
    const child = spawn(
      'redis-server',
      [...port, '--bind', this.host, '--dir', this.#folder, ...disk, ...words],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    )
    this.#child = child
    let said = ''
    for await (const chunk of child.stdout) {
      said += String(chunk)
      if (said.includes('Ready to accept connections')) break
    }
    if (!said.includes('Ready to accept connections'))
      throw new Error(`redis-server did not start: ${said}`)
  }

  /** Lets it stand still: it takes connections and answers nothing, until `thaw`. */
  freeze(): void {
    this.#child?.kill('SIGSTOP')
  }

  thaw(): void {
    this.#child?.kill('SIGCONT')
  }

  /** Ends it at once, as a crash would. */
  async kill(): Promise<void> {
    const child = this.#child
    this.#child = null
    if (child === null || child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  }

  async stop(): Promise<void> {
    await this.kill()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
