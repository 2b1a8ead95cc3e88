/**
 * A temporary folder and the processes that belong to it, both gone when the sandbox is removed and also when this
 * process dies, however it does: a guardian in a session of its own waits for the end of a pipe that we hold open.
 */
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdtempSync, statfsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface Sandbox {
  /** Its folder: any user may pass through it, only we may list it. */
  readonly folder: string
  /** A folder like it, in memory where the system has a place for that: for many small files, and for no programs. */
  readonly memory: string
  /** Starts a program, in a session of its own, so that Ctrl-C in the terminal is left to us. `signal` ends it. */
  spawn(
    file: string,
    args: readonly string[],
    signal: EndSignal,
    options?: SpawnOptions,
  ): ChildProcess
  /** Ends what still runs, waits for it, and removes the folder. */
  remove(): Promise<void>
}

/** How a program is asked to end; what is still there seconds later is killed. */
export type EndSignal = 'TERM' | 'INT' | 'QUIT'

const patienceMs = 10_000

/** Reads `SIGNAL PID` for each process started and `- PID` for each one ended; cleans up at the end of its input. */
const guardian = `
trap '' HUP INT QUIT TERM
list=
while read -r signal pid; do
  list=$(printf '%s\\n' "$list" | grep -v " $pid$")
  if [ "$signal" != - ]; then list="$list
$signal $pid"; fi
done
alive() { printf '%s\\n' "$list" | while read -r _ pid; do [ -z "$pid" ] || ! kill -0 "$pid" 2>/dev/null || echo "$pid"; done; }
printf '%s\\n' "$list" | while read -r signal pid; do [ -z "$pid" ] || kill -s "$signal" "$pid" 2>/dev/null; done
tries=0
while [ -n "$(alive)" ] && [ $tries -lt 100 ]; do sleep 0.05; tries=$((tries + 1)); done
alive | while read -r pid; do kill -s KILL "$pid" 2>/dev/null; done
rm -rf -- "$@"
`

/** Makes a sandbox in the system's folder for temporary files; `name` is part of its folder's name. */
export function createSandbox(name: string): Sandbox {
  const folder = makeFolder(tmpdir(), name)
  const memory = hasMemoryFolder() ? makeFolder(memoryFolder, name) : folder
  const keeper = spawn('/bin/sh', ['-c', guardian, 'guardian', folder, memory], {
    cwd: '/',
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  keeper.unref()
  const tell = (line: string) => keeper.stdin.write(`${line}\n`)
  // A guardian that somebody killed is no reason for us to fail.
  keeper.stdin.on('error', () => {})

  const running = new Map<ChildProcess, EndSignal>()
  return {
    folder,
    memory,
    spawn(file, args, signal, options = {}) {
      const child = spawn(file, args, { cwd: folder, detached: true, ...options })
      if (child.pid === undefined) return child
      tell(`${signal} ${child.pid}`)
      running.set(child, signal)
      child.once('exit', () => {
        running.delete(child)
        tell(`- ${child.pid}`)
      })
      return child
    },
    async remove() {
      await Promise.all([...running].map(([child, signal]) => end(child, signal)))
      for (const path of [folder, memory]) await rm(path, { recursive: true, force: true })
      keeper.stdin.end()
    },
  }
}

const memoryFolder = '/dev/shm'
const memoryFreeMin = 4 * 2 ** 30

function hasMemoryFolder(): boolean {
  if (!existsSync(memoryFolder)) return false
  const { bavail, bsize } = statfsSync(memoryFolder)
  return bavail * bsize >= memoryFreeMin
}

function makeFolder(parent: string, name: string): string {
  const folder = mkdtempSync(join(parent, `acra-${name}-`))
  chmodSync(folder, 0o711)
  return folder
}

/** Ends a child by its signal, or by SIGKILL where that takes too long. */
export async function end(child: ChildProcess, signal: EndSignal): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill(`SIG${signal}`)
  const timer = setTimeout(() => child.kill('SIGKILL'), patienceMs)
  await exited
  clearTimeout(timer)
}
