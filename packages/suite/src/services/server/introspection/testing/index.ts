/** What a database makes of an encryptor config, and what becomes of statements then: for tests. */
import { postgresTraits } from '../../../../proxy/postgres/index.ts'
import { analyzeText, loadParser, shapeOf } from '../../../../sql/postgres/index.ts'
import { type EncryptorConfig, loadEncryptorConfig } from '../../../../transform/index.ts'
import { type LearnedConfig, learnConfig, type SchemaQueries } from '../index.ts'

export type { LearnedConfig, SchemaQueries } from '../index.ts'

const parser = await loadParser()

export function learn(queries: SchemaQueries, yaml: string): Promise<LearnedConfig> {
  const installation = { onUnprotected: 'refuse' } as const
  const config = loadEncryptorConfig(yaml, 'encryptor_config.yaml', postgresTraits, installation)
  return learnConfig(queries, config, parser)
}

/** The verdict on a statement in one line: `untouched`, `planned` with the columns of its values and answer, or `refused` with why. */
export function verdict(sql: string, config: EncryptorConfig, path: readonly string[]): string {
  const text = Buffer.from(sql)
  const analysis = analyzeText(parser, text, shapeOf(text), config, [path])
  if (analysis.kind === 'refused') return `refused: ${analysis.refusal.message}`
  if (analysis.kind === 'untouched') return 'untouched'
  const name = (column: { table: string; column: string }) => `${column.table}.${column.column}`
  const values = analysis.values.map(({ column, use }) => `${use.kind} ${name(column)}`)
  const results = analysis.statements.flatMap(({ results }) => {
    const items = results?.map((item) => (typeof item === 'string' ? item : name(item)))
    return items === undefined ? [] : [`answers ${items.join(' ')}`]
  })
  const found = [...values, ...results]
  return found.length === 0 ? 'untouched' : ['planned', ...found].join(', ')
}
