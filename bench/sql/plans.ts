/** What it costs to find the plan of a statement, and to make it, for each class of the corpus of statements. */
import { openWorkbench, type Workbench } from '#testing/workbench'
import { everything } from '../../e2e/protected-tables.ts'
import { shapeRecords, stepsOf } from '../../e2e/shapes.ts'
import { table } from '../document.ts'
import { type Candidate, type Measured, measureInTurn, middleOf } from './measure.ts'
import type { Part } from './part.ts'

const POSTGRES = 18
/** What finding a plan may take, in microseconds: for each statement, and for each 100 bytes of it. */
const HIT_BASE_US = 3
const HIT_PER_100_BYTES_US = 1

interface ShapeClass {
  readonly name: string
  readonly texts: readonly Buffer[]
  readonly meanBytes: number
}

export const plans: Part = async (settings) => {
  const bench = await openWorkbench(everything().encryptorConfig)
  const classes = classesOfCorpus()
  const measured = await measureInTurn(
    classes.flatMap((of) => candidates(bench, of)),
    settings,
  )
  const of = (index: number) => middleOf(measured[index] as Measured)
  const rows = classes.map(({ name, texts, meanBytes }, i) => {
    const [query, parse, miss] = [of(3 * i), of(3 * i + 1), of(3 * i + 2)]
    const allowed = HIT_BASE_US + (HIT_PER_100_BYTES_US * meanBytes) / 100
    return { name, count: texts.length, meanBytes, query, parse, miss, share: query / allowed }
  })
  const worst = rows.reduce((one, other) => (other.share > one.share ? other : one))
  const heads = ['class', 'statements', 'mean bytes', 'hit of a Query, µs', 'to what it may take']
  return {
    lines: [
      `CPU time of the planner for the ${rows.reduce((sum, { count }) => sum + count, 0)} statements of the corpus (\`e2e/shapes\`), with its whole configuration; medians of ${settings.rounds} rounds in turn.`,
      'A hit finds a plan that is there: of a Query by its shape, of a Parse by its text. A miss parses the text with the real grammar and analyses it.',
      '',
      ...table(
        [...heads, 'hit of a Parse, µs', 'miss, µs'],
        rows.map(({ name, count, meanBytes, query, parse, miss, share }) => [
          name,
          String(count),
          meanBytes.toFixed(0),
          ...[query, share, parse].map((figure) => figure.toFixed(2)),
          miss.toFixed(0),
        ]),
      ),
    ],
    targets: [
      {
        what: `hit of a Query to 3 µs and 1 µs for each 100 B of text; the worst class, ${worst.name}`,
        bound: 'at most',
        limit: 1,
        value: worst.share,
      },
    ],
  }
}

function classesOfCorpus(): ShapeClass[] {
  const byName = new Map<string, Buffer[]>()
  for (const record of shapeRecords(POSTGRES)) {
    const texts = byName.get(record.category) ?? []
    byName.set(record.category, texts)
    for (const { sql } of stepsOf(record)) if (sql !== undefined) texts.push(Buffer.from(sql))
  }
  return [...byName].map(([name, texts]) => ({
    name,
    texts,
    meanBytes: texts.reduce((sum, { length }) => sum + length, 0) / texts.length,
  }))
}

/** A call is about one text of the class, each in its turn. */
function candidates(bench: Workbench, { name, texts }: ShapeClass): Candidate[] {
  const known = bench.planner()
  for (const text of texts) {
    known.forQuery(text)
    known.forParse(text)
  }
  const each = (ask: (text: Buffer) => unknown): (() => void) => {
    let next = 0
    return () => {
      ask(texts[next++ % texts.length] as Buffer)
    }
  }
  return [
    { name: `${name}, hit of a Query`, run: each((text) => known.forQuery(text)) },
    { name: `${name}, hit of a Parse`, run: each((text) => known.forParse(text)) },
    { name: `${name}, miss`, run: each((text) => bench.planner().forQuery(text)) },
  ]
}
