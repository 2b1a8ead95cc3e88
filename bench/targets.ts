/** What acra-server shall reach, as ratios within one run, and whether it does. */

import type { Name } from './contestants.ts'
import { table } from './document.ts'
import type { IdleRow } from './idle.ts'
import { type Cell, cpu, format, type Measure, middle, ratio, tps } from './rounds.ts'
import type { SlowRow } from './slow-reader.ts'
import type { WorkloadName } from './workloads.ts'

/** All that a run has measured. */
export interface Results {
  readonly cells: readonly Cell[]
  readonly idle: readonly IdleRow[]
  readonly slow: readonly SlowRow[]
}

/** What is to be reached. */
export interface Target {
  readonly what: string
  readonly bound: 'at least' | 'at most'
  readonly limit: number
  readonly unit?: string
  /** Null where it was not measured. */
  readonly value: number | null
}

/** The table of targets as Markdown: what is to be reached, what was measured. */
export function targetTable(results: Results): string[] {
  return verdicts(targetsFor(results))
}

/** Targets with what was measured, as Markdown. */
export function verdicts(targets: readonly Target[]): string[] {
  const rows = targets.map(({ what, bound, limit, unit = '', value }) => {
    const isReached = value !== null && (bound === 'at least' ? value >= limit : value <= limit)
    const digits = unit === '' ? 2 : 1
    const verdict = value === null ? 'not measured' : isReached ? 'yes' : '**no**'
    const measured = value === null ? '-' : `${format(value, digits)}${unit}`
    return [what, `${bound} ${limit}${unit}`, measured, verdict]
  })
  return table(['measure', 'target', 'measured', 'reached'], rows)
}

/** Every target of `npm run bench -- proxy`. */
export function targetsFor(results: Results): Target[] {
  const { cells } = results
  const at = (workload: WorkloadName, clients: number, name: Name) =>
    cells.find(
      (cell) => cell.workload === workload && cell.clients === clients && cell.name === name,
    )
  const compare = (
    workload: WorkloadName,
    clients: number,
    [name, other]: readonly [Name, Name],
    pick: Measure,
    limit: number,
  ): Target => ({
    what: `${pick === tps ? 'tps' : 'CPU'}: ${name} to ${other}; ${workload}, ${clients === 1 ? '1 client' : `${clients} clients`}`,
    bound: pick === tps ? 'at least' : 'at most',
    limit,
    value: ratio(at(workload, clients, name), at(workload, clients, other), pick),
  })
  const counts = [1, 16, 64] as const
  const toPgBouncer = (name: Name, workload: 'simple' | 'prepared', limits: readonly number[]) =>
    counts.map((clients, i) => compare(workload, clients, [name, 'pgbouncer'], tps, limits[i] ?? 0))
  const cpuToPgBouncer = (name: Name, workload: 'simple' | 'prepared', limits: readonly number[]) =>
    counts.map((clients, i) => compare(workload, clients, [name, 'pgbouncer'], cpu, limits[i] ?? 0))
  return [
    ...toPgBouncer('acra-server', 'simple', [0.85, 0.75, 0.8]),
    ...toPgBouncer('acra-server', 'prepared', [0.85, 0.8, 0.75]),
    ...toPgBouncer('unix socket', 'simple', [0.95, 0.82, 0.9]),
    ...toPgBouncer('unix socket', 'prepared', [0.9, 0.93, 0.9]),
    ...(['simple', 'prepared'] as const).flatMap((workload) => [
      ...cpuToPgBouncer('acra-server', workload, [1.35, 1.5, 1.5]),
      ...cpuToPgBouncer('unix socket', workload, [1.3, 1.35, 1.35]),
    ]),
    compare('simple', 16, ['acra-server', 'haproxy'], tps, 0.75),
    compare('prepared', 16, ['acra-server', 'haproxy'], tps, 0.82),
    compare('prepared', 16, ['acra-server', 'haproxy'], cpu, 1.45),
    compare('simple', 16, ['unix socket', 'haproxy'], tps, 0.85),
    compare('prepared', 16, ['unix socket', 'haproxy'], tps, 0.95),
    compare('prepared', 16, ['unix socket', 'haproxy'], cpu, 1.3),
    compare('variants', 16, ['acra-server', 'bare'], cpu, 0.9),
    compare('variants', 16, ['public api', 'bare'], cpu, 1.02),
    compare('variants', 16, ['acra-server', 'frames'], cpu, 1.08),
    compare('rows', 16, ['acra-server', 'pgbouncer'], tps, 1.45),
    compare('rows', 16, ['acra-server', 'pgbouncer'], cpu, 0.42),
    compare('rows', 16, ['acra-server', 'pgbouncer 64k'], tps, 0.85),
    compare('rows', 16, ['acra-server', 'pgbouncer 64k'], cpu, 1.4),
    compare('rows', 16, ['acra-server', 'haproxy'], tps, 1),
    compare('rows', 16, ['acra-server', 'haproxy'], cpu, 1),
    compare('row', 16, ['protected', 'acra-server'], tps, 0.55),
    compare('row', 16, ['protected', 'acra-server'], cpu, 2.7),
    {
      what: 'CPU of a protected cell, all included; rows, 16 clients',
      bound: 'at most',
      limit: 15,
      unit: ' µs',
      value: perCell(middle(at('rows', 16, 'protected'), cpu)),
    },
    compare('insert', 16, ['protected', 'acra-server'], tps, 0.55),
    compare('insert', 16, ['protected', 'acra-server'], cpu, 3),
    ...latencyTargets((name) => at('prepared', 1, name)),
    {
      what: 'added mean latency of a row with three opens over own pass-through; 1 client',
      bound: 'at most',
      limit: 65,
      unit: ' µs',
      value: difference(
        middle(at('row', 1, 'protected'), meanUs),
        middle(at('row', 1, 'acra-server'), meanUs),
      ),
    },
    compare('variants', 16, ['tls', 'acra-server'], tps, 0.75),
    compare('variants', 16, ['tls', 'acra-server'], cpu, 1.5),
    compare('variants', 16, ['tls', 'pgbouncer tls'], tps, 0.65),
    compare('variants', 16, ['tls', 'pgbouncer tls'], cpu, 1.9),
    compare('variants', 16, ['2 workers', 'acra-server'], tps, 0.98),
    compare('variants', 16, ['2 workers', 'acra-server'], cpu, 1.18),
    compare('rows', 16, ['protected, 2 workers', 'protected'], tps, 1.5),
    ...memoryTargets(results),
  ]
}

const meanUs: Measure = ({ meanMs }) => meanMs * 1000
const p50: Measure = ({ latency }) => latency?.p50 ?? null
const p99: Measure = ({ latency }) => latency?.p99 ?? null
const p999: Measure = ({ latency }) => latency?.p999 ?? null

/** 50 rows with three cells each. */
function perCell(cpuUs: number | null): number | null {
  return cpuUs === null ? null : cpuUs / 150
}

function latencyTargets(at: (name: Name) => Cell | undefined): Target[] {
  const added = (name: Name) => difference(middle(at(name), p50), middle(at('direct'), p50))
  const addedTo = (other: Name, limit: number): Target => ({
    what: `added p50: acra-server to ${other}; prepared, 1 client`,
    bound: 'at most',
    limit,
    value: quotient(added('acra-server'), added(other)),
  })
  const percentile = (name: string, pick: Measure, limit: number): Target => ({
    what: `${name}: acra-server to pgbouncer; prepared, 1 client`,
    bound: 'at most',
    limit,
    value: ratio(at('acra-server'), at('pgbouncer'), pick),
  })
  return [
    addedTo('pgbouncer', 1.5),
    addedTo('haproxy', 1.05),
    percentile('p99', p99, 1.25),
    percentile('p99.9', p999, 2.5),
  ]
}

function memoryTargets({ idle, slow }: Results): Target[] {
  const ofIdle = (name: Name, limit: number): Target => ({
    what: `memory of an idle connection: ${name}`,
    bound: 'at most',
    limit,
    unit: ' kB',
    value: idle.find((row) => row.name === name)?.kBPerConnection ?? null,
  })
  const ofSlow = (name: Name): Target => ({
    what: `slow reader, 1 GB: growth of ${name}`,
    bound: 'at most',
    limit: 40,
    unit: ' MiB',
    value: slow.find((row) => row.name === name)?.growthMiB ?? null,
  })
  return [ofIdle('acra-server', 24), ofIdle('tls', 48), ofSlow('acra-server'), ofSlow('no scan')]
}

function difference(a: number | null, b: number | null): number | null {
  return a === null || b === null ? null : a - b
}

function quotient(a: number | null, b: number | null): number | null {
  return a === null || b === null || b === 0 ? null : a / b
}
