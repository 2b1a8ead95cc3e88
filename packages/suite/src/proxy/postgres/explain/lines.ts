import type { ExplainedAnswer, ExplainedValue, Explanation, Reason } from './explanation.ts'

/** Of more values than this only the number is said. */
const VALUES_MAX = 100

/** An explanation as people read it, line by line. */
export function explanationLines(explanation: Explanation): readonly string[] {
  const { rewritten, values, answers, passed, refusal, indexes } = explanation
  return [
    `class: ${explanation.class} (${meaningOf(explanation)})`,
    ...(refusal === null ? [] : reasonLines(refusal)),
    ...section('passed in the clear:', passed.flatMap(reasonLines)),
    ...section('the database gets:', rewritten?.split(/\r?\n/) ?? []),
    ...section('values:', valueLines(values)),
    ...answers.flatMap((answer) => answerLines(answer, answers.length > 1)),
    ...section('index that serves the comparison:', indexes),
  ]
}

function meaningOf({ class: kind, rewritten }: Explanation): string {
  switch (kind) {
    case 'untouched':
      return 'passes byte for byte: it gives no value to a protected column and shows none'
    case 'refused':
      return 'nothing of it reaches the database'
    case 'passed':
      return 'on_unprotected: pass lets it through, although it is not protected as a whole'
    case 'rewritten':
      return rewritten === null
        ? 'the text passes as it is; its rows are protected or revealed on their way'
        : 'values are replaced before the database gets it'
  }
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : [title, ...lines.map((line) => `  ${line}`)]
}

function reasonLines({ sqlState, message, hint }: Reason): readonly string[] {
  const reason = `reason: ${message} (SQLSTATE ${sqlState})`
  return hint === null ? [reason] : [reason, `hint: ${hint}`]
}

function valueLines(values: readonly ExplainedValue[]): readonly string[] {
  const lines = values
    .slice(0, VALUES_MAX)
    .map((value) => `${placeOf(value)}: ${value.column}, ${useOf(value)} ${value.becomes}`)
  const more = values.length - lines.length
  return more === 0 ? lines : [...lines, `and ${more} more`]
}

function placeOf({ source }: ExplainedValue): string {
  if ('line' in source) return `literal at ${source.line}:${source.column}`
  const copy = source.sentAs === undefined ? '' : ` (sent as $${source.sentAs})`
  return `$${source.parameter}${copy}`
}

function useOf({ use }: ExplainedValue): string {
  if (use === 'presence') return 'tested for NULL as'
  return use === 'store' ? 'stored as' : 'compared by'
}

function answerLines(
  { statement, note, columns }: ExplainedAnswer,
  isOneOfSeveral: boolean,
): readonly string[] {
  const lines = columns.map(({ column, kind, note: how }, index) => {
    const what = column ?? (kind === 'unprotected' ? 'not protected' : 'unknown')
    return `${index + 1}: ${what}${how === null ? '' : `, ${how}`}`
  })
  const title = isOneOfSeveral ? `rows of statement ${statement}:` : 'rows:'
  return section(title, note === null ? lines : [note, ...lines])
}
