import { existsSync } from 'node:fs'

/** Runs the program `name` from what the build has emitted. */
export async function start(name) {
  const emitted = new URL(`../dist/cli/${name}.js`, import.meta.url)
  if (!existsSync(emitted)) {
    process.stderr.write(
      `${name}: not built yet. Run "npm ci && npm run build" at the root of the repository.\n`,
    )
    process.exit(1)
  }
  const { program } = await import(emitted.href)
  const { runProgram } = await import('../dist/cli/process.js')
  await runProgram(program)
}
