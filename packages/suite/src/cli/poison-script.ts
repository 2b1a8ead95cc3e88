import { spawn } from 'node:child_process'

/** Starts a program without arguments and without waiting for it: it goes on when we end. False where it cannot be started. */
export function startScript(path: string): boolean {
  const child = spawn(path, [], { stdio: 'ignore', detached: true })
  // The number says at once what this would say later.
  child.on('error', () => {})
  child.unref()
  return child.pid !== undefined
}
