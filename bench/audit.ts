/**
 * What a line of an audit log costs, compared to one of a plain log: chain, and chain with checkpoints.
 *
 *     npm run bench -- audit [--write]
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { benchLog, type LogKind } from '#testing/bench-log'
import { table, writeSection } from './document.ts'
import { median } from './machine.ts'

const { values: settings } = parseArgs({
  options: {
    /** Puts the table into docs/benchmarks.md. */
    write: { type: 'boolean', default: false },
  },
})

const LINES = 5000
const ROUNDS = 15
const kinds: readonly LogKind[] = ['plain', 'chain', 'checkpoints']
const folder = mkdtempSync(join(tmpdir(), 'acra-bench-audit-'))
const rows: string[][] = []
try {
  for (const format of ['plaintext', 'json', 'cef'] as const) {
    const logs = kinds.map((kind) => benchLog(folder, format, kind))
    const cpu = kinds.map((): number[] => [])
    const wall = kinds.map((): number[] => [])
    for (let round = 0; round < ROUNDS; round++) {
      for (const [at, log] of logs.entries()) {
        const [begin, used] = [performance.now(), process.cpuUsage()]
        for (let line = 0; line < LINES; line++) {
          log.info('Statement refused', {
            client_id: 'someid',
            session_id: line,
            code: 2000,
            reason: 'people.email would be compared by the database, which has only ciphertext',
          })
        }
        const { user, system } = process.cpuUsage(used)
        cpu[at]!.push((user + system) / LINES)
        wall[at]!.push((performance.now() - begin) / LINES)
      }
    }
    const [plain = 0, chain = 0, checkpoints = 0] = cpu.map((figures) => median(figures))
    const rate = 1000 / median(wall[2]!)
    rows.push([
      format,
      `${plain.toFixed(1)} µs`,
      `${chain.toFixed(1)} µs (${(chain / plain).toFixed(2)})`,
      `${checkpoints.toFixed(1)} µs (${(checkpoints / plain).toFixed(2)})`,
      rate.toFixed(0),
    ])
  }
} finally {
  rmSync(folder, { recursive: true })
}

const heads = ['format', 'plain', 'chain', 'chain and checkpoints', 'lines/s']
const text = [
  ...table(heads, rows),
  '',
  `CPU of a line in a file, and in brackets how many times a plain one; targets: at most 2, and 5,000 lines/s.`,
].join('\n')
console.log(text)
if (settings.write) writeSection('audit', text)
