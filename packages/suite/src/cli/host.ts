import type { Clock, Sink } from '../observe/index.ts'

/** What a program needs from the process that it runs in. */
export interface Host {
  /** The command line without the program's own name. */
  readonly words: readonly string[]
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly stdout: { write(bytes: string | Uint8Array): void }
  readonly stderr: Sink
  /** Whether stderr is a terminal. */
  readonly terminal: boolean
  readonly processId: number
  readonly clock: Clock
  /** Calls back for each SIGTERM or SIGINT (`stop`), each SIGHUP (`reload`) and each SIGUSR1 (`renew`) from now on. */
  listen(signals: { stop: () => void; reload: () => void; renew: () => void }): void
  /** Ends the process at once. */
  exit(code: number): never
}
