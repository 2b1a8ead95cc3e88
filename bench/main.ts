/** `npm run bench [-- NAME [arguments]]`: the benches by name; the first one where none is named. */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const benches: Readonly<Record<string, (args: readonly string[]) => Promise<number>>> = {
  proxy: async (args) => (await import('./proxy.ts')).proxyBench(args),
  keys: async (args) => inItsOwnProcess('keys.js', args),
  audit: async (args) => inItsOwnProcess('audit.js', args),
  crypto: async (args) => inItsOwnProcess('crypto.js', args),
  sql: async (args) => (await import('./sql/main.ts')).sqlBench(args),
  translator: async (args) => (await import('./translator/main.ts')).translatorBench(args),
}

const [first = '', ...rest] = process.argv.slice(2)
const isName = first !== '' && !first.startsWith('-')
const bench = benches[isName ? first : 'proxy']
if (bench === undefined) {
  console.error(`no bench is called "${first}"; there is: ${Object.keys(benches).join(', ')}`)
  process.exitCode = 2
} else {
  process.exitCode = await bench(isName ? rest : process.argv.slice(2)).catch(wrongUse)
}

/** An option that there is not; `--help` names those that there are. Throws what is anything else. */
function wrongUse(error: Error): number {
  if (!('code' in error) || !String(error.code).startsWith('ERR_PARSE_ARGS')) throw error
  console.error(error.message)
  return 2
}

/** What is measured in a process must be alone in it. */
function inItsOwnProcess(file: string, args: readonly string[]): number {
  const path = fileURLToPath(new URL(file, import.meta.url))
  return spawnSync(process.execPath, [path, ...args], { stdio: 'inherit' }).status ?? 1
}
