/**
 * Writes the pages of docs/ that are made from tables of the code: the options of each program,
 * events and errors. With `--check` only says which differ, by the exit code.
 */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { documentation } from '@acra-ts/suite/documentation'
import { root } from './repository.ts'

/**
 * A page in this folder that nothing makes any more is a page too many; README.md is written by
 * hand.
 */
const folder = 'docs/guide/options'

const pages = documentation()
const check = process.argv.includes('--check')
for (const { path, content } of pages) {
  const file = join(root, path)
  if (existsSync(file) && readFileSync(file, 'utf8') === content) continue
  if (check) differs(`${path} differs from the tables of the code`)
  else {
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, content)
  }
}

const made = new Set([...pages.map(({ path }) => path), `${folder}/README.md`])
for (const name of existsSync(join(root, folder)) ? readdirSync(join(root, folder)) : []) {
  const path = `${folder}/${name}`
  if (made.has(path)) continue
  if (check) differs(`${path} is made by nothing`)
  else unlinkSync(join(root, path))
}

function differs(what: string): void {
  console.error(`${what}: run node .build/tools/generate-docs.js`)
  process.exitCode = 1
}
