/** The libraries of e2e/orms: large, so that they are installed when they are first tried. */
import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { root } from '../tools/repository.ts'

const run = promisify(execFile)

/** Where they and the applications are. */
export const ormHome = join(root, 'e2e/orms')

/** Installs them, and makes Prisma's client where its schema has changed. */
export async function installOrms(): Promise<void> {
  const npm = (...args: readonly string[]) => run('npm', args, { cwd: ormHome, maxBuffer: 1 << 24 })
  const prisma = join(ormHome, 'node_modules/prisma/build/index.js')
  if (!existsSync(prisma)) {
    await npm('ci', '--engine-strict=false', '--ignore-scripts', '--no-audit', '--no-fund')
  }
  const copy = join(ormHome, 'node_modules/generated-client/schema.prisma')
  const schema = join(ormHome, 'schema.prisma')
  if (existsSync(copy) && readFileSync(copy, 'utf8') === readFileSync(schema, 'utf8')) return
  // Prisma would fetch a program that makes tables, which nobody needs here.
  const env = { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: process.execPath }
  await run(process.execPath, [prisma, 'generate', '--schema=schema.prisma'], { cwd: ormHome, env })
}

/** Runs a program of theirs to its end; what it printed, as JSON. */
export async function runOrmProgram(
  script: string,
  library: string,
  env: NodeJS.ProcessEnv,
): Promise<unknown> {
  const options = { cwd: ormHome, env: { PATH: process.env.PATH, ...env } }
  const { stdout } = await run(process.execPath, [script, library], options)
  return JSON.parse(stdout)
}
