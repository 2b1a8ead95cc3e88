/**
 * `npm run test:taint`: runs the corpus of statements, or another file of its form, and says of each record whether it works, is refused, leaks
 * or is answered wrongly. Ends with 1 where one leaks or is answered wrongly.
 *
 *   --db=postgres    the database; no other so far
 *   --shapes=FILE    records in the place of the corpus
 *   --json=FILE      writes {summary, shapes}
 *   --matrix=FILE    writes the matrix of docs/sql-support.md
 *   --encryptor_config_file=FILE   in the place of the corpus's, for the same tables; without it, columns and views are learned from the database
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { everything, learned } from './protected-tables.ts'
import { startLab } from './setup.ts'
import { shapeRecords } from './shapes.ts'
import { matrixOf } from './support-matrix.ts'
import { judge, summaryOf } from './verdicts.ts'

const { values: flags } = parseArgs({
  options: {
    db: { type: 'string', default: 'postgres' },
    shapes: { type: 'string' },
    json: { type: 'string' },
    matrix: { type: 'string' },
    encryptor_config_file: { type: 'string' },
  },
})
if (flags.db !== 'postgres') throw new Error(`--db=${flags.db}: only postgres is supported`)
const text = flags.shapes === undefined ? undefined : readFileSync(flags.shapes, 'utf8')
const config = flags.encryptor_config_file
const protection =
  config === undefined
    ? learned()
    : { ...everything(), encryptorConfig: readFileSync(config, 'utf8') }
const lab = await startLab({ auth: 'trust', inMemory: true })
try {
  const verdicts = await judge(lab, shapeRecords(18, text), protection)
  const summary = summaryOf(verdicts)
  for (const { id, expect, result, reason } of verdicts) {
    const isBad = result === 'leak' || result === 'wrong'
    if (isBad || (result === 'refused' && expect !== 'refuse-or-rewrite'))
      console.log(`${result}: ${id}: ${reason}`)
  }
  console.log(summary)
  const shapes = verdicts.map(({ id, result, reason }) => ({ id, result, reason }))
  if (flags.json !== undefined)
    writeFileSync(flags.json, `${JSON.stringify({ summary, shapes }, null, 2)}\n`)
  if (flags.matrix !== undefined) writeFileSync(flags.matrix, matrixOf(verdicts))
  if (summary.leak + summary.wrong > 0) process.exitCode = 1
} finally {
  await lab.stop()
}
