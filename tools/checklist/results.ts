import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { root } from '../repository.ts'

/** How a test ended. */
export interface Result {
  readonly name: string
  readonly outcome: 'passed' | 'failed' | 'skipped'
}

/** A test of a row, taken apart. */
export interface TestName {
  /** The source file, from the root. */
  readonly source: string
  /** What is run, from the root. */
  readonly emitted: string
  /** A part of the names of its tests. */
  readonly name: string
}

/** Takes `FILE: NAME` apart. */
export function testName(test: string): TestName {
  const [file = '', ...rest] = test.split(': ')
  const name = rest.join(': ')
  const [place = '', ...path] = file.split('/')
  if (place === 'e2e' || place === 'tools')
    return { source: `${file}.test.ts`, emitted: `.build/${file}.test.js`, name }
  const isPackage = place === 'crypto' || place === 'sdk'
  const folder = `packages/${isPackage ? place : 'suite'}`
  const inside = isPackage ? path.join('/') : file
  const source = `${folder}/src/${inside}.test.ts`
  return { source, emitted: `${folder}/dist/${inside}.test.js`, name }
}

/** Runs the tests of one emitted file whose name has one of `names` in it. */
export async function runTests(emitted: string, names: readonly string[]): Promise<Result[]> {
  if (!existsSync(join(root, emitted))) return []
  // An empty name is a part of every name.
  const named = names.includes('') ? [] : names
  const patterns = named.map((name) => `--test-name-pattern=${escaped(name)}`)
  const reporter = fileURLToPath(new URL('reporter.js', import.meta.url))
  const words = ['--test', `--test-reporter=${reporter}`, ...patterns, emitted]
  const child = spawn(process.execPath, words, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  await new Promise((resolve) => child.on('close', resolve))
  const lines = output.split('\n').filter((line) => line !== '')
  return lines.map((line) => JSON.parse(line) as Result) // What our reporter writes.
}

function escaped(name: string): string {
  return name.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')
}
