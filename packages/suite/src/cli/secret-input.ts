import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { readUserFile } from './whole-file.ts'

const SIZE_MAX = 4096

/**
 * The password in a file, without a line feed at its end. `-` is stdin: at a terminal it is asked for, and what is typed is not shown. Throws
 * Refusal where it cannot be read.
 */
export async function readPassword(path: string): Promise<string> {
  if (path !== '-') return firstLine((await readUserFile(path, SIZE_MAX)).toString('utf8'))
  return process.stdin.isTTY === true ? ask() : firstLine(await text(process.stdin))
}

function firstLine(content: string): string {
  return content.replace(/\r?\n$/, '')
}

function ask(): Promise<string> {
  process.stderr.write('Password: ')
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() })
  const terminal = createInterface({ input: process.stdin, output: silent, terminal: true })
  return new Promise((resolve) => {
    terminal.question('', (answer) => {
      terminal.close()
      process.stderr.write('\n')
      resolve(answer)
    })
  })
}
