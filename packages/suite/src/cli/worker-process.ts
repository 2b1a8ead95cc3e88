import { type ChildProcess, fork } from 'node:child_process'
import type { Readable } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'
import type { Product } from '../observe/index.ts'
import type { StartWorker, ToSupervisor } from '../services/server/index.ts'
import type { LineSettings, LogLines } from './log-setup.ts'

/** The descriptor on which a worker writes the lines of its log. */
export const LOG_DESCRIPTOR = 3

/** What a worker must know before it can say anything: its only argument, as JSON. There is no secret in it. */
export interface WorkerSettings {
  readonly product: Product
  readonly lines: LineSettings
}

export interface WorkerStarterOptions {
  readonly product: Product
  readonly lines: LogLines
}

/**
 * Starts workers as processes of `module`. They inherit the environment, the master key in it. Lines of their logs come
 * whole and in order, and all of them before the end is told, however a worker ends.
 */
export function workerStarter(module: URL, { product, lines }: WorkerStarterOptions): StartWorker {
  const settings: WorkerSettings = { product, lines: lines.settings }
  return (listener) => {
    const child = fork(module, [JSON.stringify(settings)], {
      stdio: ['ignore', 'inherit', 'inherit', 'pipe', 'ipc'],
    })
    let cannotStart: Error | null = null
    child.on('error', (error) => {
      if (child.pid !== undefined) return
      cannotStart = error
      listener.onEnd(error.message)
    })
    child.on('message', (message) => listener.onMessage(message as ToSupervisor))
    child.on('close', (code, signal) => {
      if (cannotStart === null) listener.onEnd(signal ?? `exit code ${code}`)
    })
    forwardLines(child.stdio[LOG_DESCRIPTOR] as Readable | null, lines)
    return {
      pid: child.pid ?? 0,
      send(message, socket, onFailure) {
        if (!child.connected) return
        child.send(message, socket, { keepOpen: true }, (error) => {
          if (error !== null && isAlive(child)) onFailure?.(error)
        })
      },
      kill: () => child.kill('SIGKILL'),
    }
  }
}

/** Of a worker that is gone the end is told, and no failure. */
function isAlive(child: ChildProcess): boolean {
  return child.connected && child.exitCode === null && child.signalCode === null
}

/** A line that was cut by the worker's end is ended by us, so that the next one begins where it should. */
function forwardLines(from: Readable | null, { write }: LogLines): void {
  const decoder = new StringDecoder('utf8')
  let begun = ''
  from?.on('data', (chunk: Buffer) => {
    const pieces = `${begun}${decoder.write(chunk)}`.split('\n')
    begun = pieces.pop() ?? ''
    for (const piece of pieces) write(`${piece}\n`)
  })
  from?.on('end', () => {
    if (begun !== '') write(`${begun}\n`)
  })
}
