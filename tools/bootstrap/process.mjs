import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** The root of the repository, with a slash at its end. */
export const root = fileURLToPath(new URL('../../', import.meta.url))

/**
 * Runs a program with our terminal and resolves to its exit code. Signals are left to it: this process outlives it.
 */
export function runVisible(file, args, options = {}) {
  return finished(spawn(file, args, { cwd: root, stdio: 'inherit', ...options }), file)
}

/**
 * Runs a program and says `title` and the time it took in one line; what it printed is shown only where it failed.
 * Resolves to its exit code.
 */
export async function runQuietly(title, file, args, options = {}) {
  const started = Date.now()
  process.stderr.write(`${title} ... `)
  const child = spawn(file, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], ...options })
  const output = []
  child.stdout.on('data', (chunk) => output.push(chunk))
  child.stderr.on('data', (chunk) => output.push(chunk))
  const code = await finished(child, file)
  const seconds = ((Date.now() - started) / 1000).toFixed(1)
  process.stderr.write(code === 0 ? `${seconds} s\n` : `failed after ${seconds} s\n`)
  if (code !== 0) process.stderr.write(Buffer.concat(output))
  return code
}

function finished(child, file) {
  const wait = () => {}
  const terminate = () => child.kill('SIGTERM')
  process.on('SIGINT', wait)
  process.on('SIGTERM', terminate)
  return new Promise((resolve) => {
    child.on('error', (error) => {
      process.stderr.write(`${file} cannot be run: ${error.message}\n`)
      resolve(127)
    })
    child.on('close', (code, signal) => resolve(code ?? (signal === 'SIGINT' ? 130 : 143)))
  }).finally(() => {
    process.off('SIGINT', wait)
    process.off('SIGTERM', terminate)
  })
}
