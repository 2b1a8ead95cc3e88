import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { build } from './build.mjs'
import { check } from './check.mjs'
import { install } from './install.mjs'
import { root } from './process.mjs'
import { test } from './test.mjs'

const commands = {
  build: () => build(),
  check: () => check(),
  test: (args) => test(args),
  demo: (args) => program('.build/tools/demo/main.js', args),
  bench: (args) => program('.build/bench/main.js', args),
  checklist: (args) => program('.build/tools/checklist/main.js', args),
  taint: (args) => program('.build/e2e/taint-main.js', args),
  generated: (args) => program('.build/e2e/generated/main.js', args),
  regress: (args) => program('.build/tools/regress/main.js', args),
  lab: ([name, ...args]) => lab(name, args),
}

/** Long runs that no test waits for: `npm run lab -- NAME [arguments]`. */
const labs = {
  checklist: commands.checklist,
  crash: (args) => suiteMain('keystore/testing/crash/main.js', args),
  fuzz: (args) => program('.build/tools/fuzz/main.js', args),
  generated: commands.generated,
  'half-open': (args) => program('.build/tools/half-open/main.js', args),
  record: (args) => program('.build/tools/conversations/main.js', args),
  regress: commands.regress,
  simulate: (args) => suiteMain('proxy/postgres/testing/simulate.js', args),
  soak: (args) => program('.build/tools/soak/main.js', args),
  taint: commands.taint,
}

function lab(name, args) {
  if (Object.hasOwn(labs, name ?? '')) return labs[name](args)
  console.error(`usage: npm run lab -- ${Object.keys(labs).join('|')} [arguments]`)
  return 2
}

/** Runs the command `name`; sets the exit code of the process. */
export async function run(name, args) {
  const command = Object.hasOwn(commands, name ?? '') ? commands[name] : null
  if (!command) {
    console.error(`usage: node tools/bootstrap.mjs ${Object.keys(commands).join('|')} [arguments]`)
    process.exitCode = 2
    return
  }
  process.chdir(root)
  if (!(await install())) {
    process.exitCode = 1
    return
  }
  process.exitCode = await command(args)
}

/** Builds, then runs the `main` of an emitted file of the suite that is for tests. */
async function suiteMain(file, args) {
  const code = await build()
  if (code !== 0) return code
  const { main } = await import(join(root, 'packages/suite/dist', file))
  return main(args)
}

/** Builds, then becomes the program of that emitted file: it gets the terminal, the signals and its own arguments. */
async function program(file, args) {
  const code = await build()
  if (code !== 0) return code
  const path = join(root, file)
  if (!existsSync(path)) {
    console.error(`${file} is not part of this repository yet`)
    return 1
  }
  process.argv = [process.execPath, path, ...args]
  await import(path)
  return process.exitCode ?? 0
}
