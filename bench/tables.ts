/** The results of a run as the Markdown of docs/benchmarks.md. */
import { table } from './document.ts'
import type { Machine } from './machine.ts'
import {
  type Cell,
  cpu,
  format,
  middle,
  ratio,
  type Settings,
  tps,
  WARM_UP_SECONDS,
} from './rounds.ts'
import { type Results, targetTable } from './targets.ts'
import { workloads } from './workloads.ts'

export interface Report extends Results {
  readonly machine: Machine
  /** What the programs say of their versions. */
  readonly versions: readonly string[]
  readonly settings: Settings
}

export function tablesOf(report: Report): string {
  return [
    ...headOf(report),
    ...throughputTables(report.cells),
    '',
    ...memoryTable(report),
    '',
    ...targetTable(report),
  ].join('\n')
}

/** A table for each load and number of clients, an empty line before it. */
export function throughputTables(all: readonly Cell[]): string[] {
  return Object.entries(workloads).flatMap(([name, { title, clients }]) =>
    clients.flatMap((count) => {
      const cells = all.filter((c) => c.workload === name && c.clients === count)
      return cells.length === 0 ? [] : ['', ...throughputTable(title, count, cells)]
    }),
  )
}

function headOf({ machine: at, versions, settings: { rounds, seconds } }: Report): string[] {
  return [
    `Everything on loopback; medians of ${rounds} interleaved rounds of ${seconds} s after a warm-up of ${WARM_UP_SECONDS} s. CPU is that of what stands in between, all its processes and threads.`,
    `Ratios are medians of the ratios of each round. Commit ${at.commit}.`,
    '',
    `${at.cpu}, ${at.cores} cores shared by database, pgbench and proxy, ${at.memoryGiB} GiB; load average at the start ${at.load.toFixed(1)}; ${at.kernel}; Node ${at.node};`,
    `${versions.join('; ')}.`,
  ]
}

function throughputTable(title: string, clients: number, cells: readonly Cell[]): string[] {
  const others = (['pgbouncer', 'bare', 'acra-server'] as const).flatMap(
    (name) => cells.find((cell) => cell.name === name) ?? [],
  )
  const hasLatency = cells.some((cell) => cell.samples.some(({ latency }) => latency !== null))
  const heads = [
    `${title}, ${clients === 1 ? '1 client' : `${clients} clients`}`,
    ...['tps', 'CPU µs'],
    ...(hasLatency ? ['p50 µs', 'p99 µs', 'p99.9 µs'] : []),
    ...others.map(({ name }) => `tps / CPU to ${name}`),
  ]
  const rows = cells.map((cell) => [
    cell.name,
    ...[format(middle(cell, tps), 0), format(middle(cell, cpu), 1)],
    ...(hasLatency ? percentiles(cell) : []),
    ...others.map(
      (other) => `${format(ratio(cell, other, tps), 2)} / ${format(ratio(cell, other, cpu), 2)}`,
    ),
  ])
  return table(heads, rows)
}

function percentiles(cell: Cell): string[] {
  return (['p50', 'p99', 'p999'] as const).map((which) =>
    format(
      middle(cell, ({ latency }) => latency?.[which] ?? null),
      0,
    ),
  )
}

function memoryTable({ idle, slow }: Results): string[] {
  const names = [...new Set([...idle, ...slow].map(({ name }) => name))]
  const rows = names.map((name) => [
    name,
    format(idle.find((row) => row.name === name)?.kBPerConnection ?? null, 1),
    format(slow.find((row) => row.name === name)?.growthMiB ?? null, 1),
  ])
  const count = idle[0]?.connections ?? 0
  const heads = [
    'memory',
    `kB per idle connection, ${count} of them`,
    'MiB for a slow reader of 1 GB',
  ]
  return rows.length === 0 ? [] : table(heads, rows)
}
