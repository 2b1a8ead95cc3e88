/** What is printed of a run. */
import type { Failure, Report } from './run.ts'
import type { Statement } from './statements.ts'

/** The sums of a run, a line each. */
export function reportLines({ total, protectedTotal, protectedWorked, counts }: Report): string[] {
  const share = (part: number, whole: number) =>
    `${((100 * part) / Math.max(1, whole)).toFixed(1)} %`
  return [
    `${total} statements: ${counts.worked} worked (${share(counts.worked, total)}), ${counts.refused} refused (${share(counts.refused, total)}), ${counts.failed} failed on both sides`,
    `of ${protectedTotal} that concern protected columns ${protectedWorked} worked (${share(protectedWorked, protectedTotal)})`,
    `${counts.leak} leaks, ${counts.wrong} wrong answers, ${counts.crash} crashes`,
  ]
}

/** A failing statement, what it was made smaller to, and how it is run again. */
export function failureLines(
  seed: number,
  { index, result, reason, statement, smallest }: Failure,
): string[] {
  return [
    `${result}: ${reason}`,
    `  npm run test:generated -- --seed=${seed} --index=${index}`,
    `  ${textOf(statement)}`,
    `  smallest: ${textOf(smallest)}`,
  ]
}

/** Reasons of refusals and errors, most frequent first, and productions of which no statement worked. */
export function verboseLines({ refusals, errors, productions, daring }: Report): string[] {
  const sorted = (map: ReadonlyMap<string, number>) =>
    [...map].sort((a, b) => b[1] - a[1]).slice(0, 60)
  const idle = [...productions].filter(([, { worked }]) => worked === 0)
  return [
    ...sorted(refusals).map(([reason, count]) => `refused ${count}: ${reason}`),
    ...sorted(errors).map(([reason, count]) => `failed ${count}: ${reason}`),
    ...[...daring].map(
      ([name, { total, worked }]) => `may be refused: ${name}: ${worked} of ${total} worked`,
    ),
    ...idle.map(([name, { total }]) => `never worked: ${name}, in ${total}`),
  ]
}

export function reportJson(seed: number, report: Report): string {
  const { total, protectedTotal, protectedWorked, counts, failures } = report
  const productions = Object.fromEntries(report.productions)
  const failed = failures.map(({ index, result, reason, statement, smallest }) => ({
    index,
    result,
    reason,
    statement: textOf(statement),
    smallest: textOf(smallest),
  }))
  return JSON.stringify(
    { seed, total, protectedTotal, protectedWorked, ...counts, failures: failed, productions },
    null,
    2,
  )
}

function textOf({ protocol, steps }: Statement): string {
  const texts = steps.map(({ sql, params, ...rest }) => {
    const more = { ...(params?.length ? { params } : {}), ...rest }
    return `${sql ?? ''}${Object.keys(more).length > 0 ? ` ${JSON.stringify(more)}` : ''}`
  })
  return `${protocol}: ${texts.join(' | ')}`
}
