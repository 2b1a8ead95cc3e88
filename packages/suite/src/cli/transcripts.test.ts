import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

// Each file of transcripts/ is a session in a folder of its own. Lines are
//   # comment            file PATH, then | lines of the file
//   $ command for sh     exit N (0 where it is left out)
//   1| line of stdout    2| line of stderr    1| ... or 2| ... for any number of lines
// Times and process ids are replaced by T and N before they are compared.

const transcripts = fileURLToPath(new URL('../../src/cli/transcripts/', import.meta.url))
const programs = {
  service: fileURLToPath(new URL('testing/service.js', import.meta.url)),
  tool: fileURLToPath(new URL('testing/tool.js', import.meta.url)),
  authmanager: fileURLToPath(new URL('../../bin/acra-authmanager.js', import.meta.url)),
  backup: fileURLToPath(new URL('../../bin/acra-backup.js', import.meta.url)),
  keys: fileURLToPath(new URL('../../bin/acra-keys.js', import.meta.url)),
  keymaker: fileURLToPath(new URL('../../bin/acra-keymaker.js', import.meta.url)),
  server: fileURLToPath(new URL('../../bin/acra-server.js', import.meta.url)),
}

interface Step {
  readonly place: string
  readonly files: Map<string, string>
  readonly command: string
  exit: number
  readonly stdout: string[]
  readonly stderr: string[]
}

for (const name of readdirSync(transcripts)) {
  test(`the session of ${name} goes as written`, () => {
    const folder = mkdtempSync(join(tmpdir(), 'acra-transcript-'))
    try {
      for (const step of read(name)) replay(step, folder)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
}

function read(name: string): Step[] {
  const steps: Step[] = []
  let files = new Map<string, string>()
  let file = ''
  const lines = readFileSync(join(transcripts, name), 'utf8').split('\n')
  for (const [at, line] of lines.entries()) {
    const place = `${name}:${at + 1}`
    const [, mark = '', rest = ''] = /^(#|file|\||\$|exit|1\||2\|)(?: (.*))?$/.exec(line) ?? []
    const step = steps.at(-1)
    if (line === '' || mark === '#') continue
    if (mark === 'file') {
      file = rest
      files.set(file, '')
    } else if (mark === '|') files.set(file, `${files.get(file)}${rest}\n`)
    else if (mark === '$') {
      steps.push({ place, files, command: rest, exit: 0, stdout: [], stderr: [] })
      files = new Map()
    } else if (step !== undefined && mark === 'exit') step.exit = Number(rest)
    else if (step !== undefined && mark === '1|') step.stdout.push(rest)
    else if (step !== undefined && mark === '2|') step.stderr.push(rest)
    else assert.fail(`${place}: not a line of a transcript`)
  }
  return steps
}

function replay(step: Step, folder: string): void {
  for (const [path, content] of step.files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), content)
  }
  const functions = Object.entries(programs)
    .map(([name, path]) => `${name}() { '${process.execPath}' '${path}' "$@"; }`)
    .join('\n')
  const result = spawnSync('/bin/sh', ['-c', `${functions}\n${step.command}`], {
    cwd: folder,
    encoding: 'utf8',
    env: { PATH: process.env.PATH, TZ: 'UTC' },
    timeout: 60_000,
  })
  const told = `${step.place}: ${step.command}\n${result.stdout}${result.stderr}`
  assert.equal(result.status, step.exit, told)
  compare(result.stdout, step.stdout, `stdout of ${told}`)
  compare(result.stderr, step.stderr, `stderr of ${told}`)
}

function compare(actual: string, expected: readonly string[], told: string): void {
  const parts = expected.map((line) => (line === '...' ? '(?:.*\\n)*?' : `${literal(line)}\\n`))
  if (new RegExp(`^${parts.join('')}$`).test(stable(actual))) return
  assert.equal(stable(actual), expected.map((line) => `${line}\n`).join(''), told)
}

function literal(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}

function stable(output: string): string {
  return output
    .replace(/time="[^"]*"/g, 'time=T')
    .replace(/"timestamp":"[^"]*","unixTime":"[^"]*"/g, '"timestamp":T,"unixTime":T')
    .replace(/unixTime=[0-9.]+/g, 'unixTime=T')
    .replace(/pid(\\?=)[0-9]+/g, 'pid$1N')
}
