/** Writes .oxlintrc.json from `layers.ts`; with `--check` only says whether it is in sync, by the exit code. */
import { readFileSync, writeFileSync } from 'node:fs'
import { oxlintConfig } from './layers.ts'

const path = '.oxlintrc.json'
const content = print(oxlintConfig())

if (!process.argv.includes('--check')) {
  writeFileSync(path, content)
} else if (readFileSync(path, 'utf8') !== content) {
  console.error(`${path} differs from tools/layers.ts: run node .build/tools/generate-layers.js`)
  process.exitCode = 1
}

/** JSON with a line for each member, and for each element of a member that is a list. */
function print(config: object): string {
  const members = Object.entries(config).map(([name, value]) => {
    if (!Array.isArray(value)) return `  "${name}": ${JSON.stringify(value)}`
    const elements = value.map((element) => `    ${JSON.stringify(element)}`)
    return `  "${name}": [\n${elements.join(',\n')}\n  ]`
  })
  return `{\n${members.join(',\n')}\n}\n`
}
