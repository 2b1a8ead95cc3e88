import type { Family, Snapshot } from './registry.ts'

/** The media type of `metricsText`. */
export const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

/** Metrics as Prometheus reads them (text format 0.0.4). */
export function metricsText(families: readonly Family[], cells: Snapshot): string {
  return families.map((family) => familyText(family, cells)).join('')
}

function familyText(family: Family, cells: Snapshot): string {
  const { name, type, help, series } = family
  const lines = [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`]
  for (const { labels, at } of series) {
    if (type === 'histogram') lines.push(...histogramLines(family, labels, at, cells))
    else lines.push(`${name}${labels === '' ? '' : `{${labels}}`} ${numberText(cells[at]!)}`)
  }
  return `${lines.join('\n')}\n`
}

function histogramLines(
  { name, bounds }: Family,
  labels: string,
  at: number,
  cells: Snapshot,
): string[] {
  const lines: string[] = []
  const before = labels === '' ? '' : `${labels},`
  let count = 0
  for (const [i, bound] of [...bounds, Number.POSITIVE_INFINITY].entries()) {
    count += cells[at + i]!
    lines.push(`${name}_bucket{${before}le="${numberText(bound)}"} ${count}`)
  }
  const own = labels === '' ? '' : `{${labels}}`
  lines.push(`${name}_sum${own} ${numberText(cells[at + bounds.length + 1]!)}`)
  lines.push(`${name}_count${own} ${count}`)
  return lines
}

function numberText(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf'
  return String(value)
}
