import type { Socket } from 'node:net'
import type { ToSupervisor, ToWorker } from './messages.ts'

/** A worker as the supervisor sees it. The lines of its log go their own way. */
export interface WorkerProcess {
  readonly pid: number
  /**
   * Says something, and hands over a duplicate of `socket`, of which ours stays open until it is destroyed. `onFailure`
   * is called where the socket could not be handed over though the worker lives.
   */
  send(message: ToWorker, socket?: Socket, onFailure?: (error: Error) => void): void
  /** Ends it at once. */
  kill(): void
}

export interface WorkerListener {
  onMessage(message: ToSupervisor): void
  /** The process has ended, and the last line of its log is written; `how` tells its exit code or signal. */
  onEnd(how: string): void
}

/** Starts a worker. Never throws: one that cannot be started has ended. */
export type StartWorker = (listener: WorkerListener) => WorkerProcess
