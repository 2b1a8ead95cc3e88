import type { Health, ServerState, WorkerState } from '../contract.ts'
import { count, duration, milliseconds, rate, time } from '../format.ts'
import type { PageProps } from '../page-props.ts'
import { Chart } from '../parts/chart.tsx'
import { Facts } from '../parts/facts.tsx'
import { Table } from '../parts/table.tsx'

export function OverviewPage({ live: { overview } }: PageProps) {
  if (overview === null) return <p class="loading">Loading …</p>
  const { server, series } = overview
  const last = (values: readonly (number | null)[]) => values.at(-1) ?? null
  return (
    <>
      <ul class="tiles">
        <Tile name="statements per second" value={rate(last(series.statements))} />
        <Tile name="cells encrypted per second" value={rate(last(series.encrypted))} />
        <Tile name="cells decrypted per second" value={rate(last(series.decrypted))} />
        <Tile name="refusals per second" value={rate(last(series.refused))} />
        <Tile name="open connections" value={rate(last(series.openConnections))} />
        <Tile name="95 % of requests within" value={milliseconds(last(series.latencyMostMs))} />
      </ul>
      <div class="charts">
        <Chart
          title="Throughput in the last hour"
          unit="per second"
          at={series.at}
          lines={[
            { title: 'statements', values: series.statements, color: 'line-1' },
            { title: 'refused', values: series.refused, color: 'line-3' },
          ]}
        />
        <Chart
          title="Protected cells in the last hour"
          unit="per second"
          at={series.at}
          lines={[
            { title: 'encrypted', values: series.encrypted, color: 'line-1' },
            { title: 'decrypted', values: series.decrypted, color: 'line-2' },
          ]}
        />
        <Chart
          title="Time that acra-server adds to a request"
          unit="ms"
          at={series.at}
          lines={[
            { title: 'half within', values: series.latencyHalfMs, color: 'line-1' },
            { title: '95 % within', values: series.latencyMostMs, color: 'line-2' },
          ]}
        />
        <Chart
          title="Open connections"
          unit=""
          at={series.at}
          lines={[{ title: 'connections', values: series.openConnections, color: 'line-1' }]}
        />
      </div>
      {server !== null && <Server server={server} />}
    </>
  )
}

function Tile({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <li>
      <b>{value}</b> <span>{name}</span>
    </li>
  )
}

function Server({ server }: { readonly server: ServerState }) {
  const { totals } = server
  return (
    <>
      <h2>Health</h2>
      <Table<Health>
        caption="What acra-server depends on"
        rows={server.health}
        keyOf={({ name }) => name}
        columns={[
          { title: 'What', show: ({ name }) => name },
          { title: 'State', show: ({ state }) => <span class={`state ${state}`}>{state}</span> },
          { title: 'Detail', show: ({ detail }) => detail },
        ]}
      />
      <h2>Workers</h2>
      <Table<WorkerState>
        caption="Processes of acra-server"
        rows={server.workers}
        keyOf={({ pid }) => String(pid)}
        columns={[
          { title: 'Worker', show: ({ number }) => number },
          { title: 'Process', isNumber: true, show: ({ pid }) => pid },
          { title: 'State', show: ({ state }) => <span class={`state ${state}`}>{state}</span> },
          { title: 'Connections', isNumber: true, show: ({ connections }) => connections },
        ]}
      />
      <h2>Since the start</h2>
      <Facts
        facts={[
          ['Version', `${server.product} ${server.version}`],
          [
            'Started',
            `${time(server.startedAt)} (${duration((Date.now() - server.startedAt) / 1000)} ago)`,
          ],
          ['Statements', count(totals.statements)],
          ['Statements refused', count(totals.refused)],
          ['Cells encrypted', count(totals.encrypted)],
          ['Cells decrypted', count(totals.decrypted)],
          ['Cells that did not open', count(totals.notDecrypted)],
          ['Poison records found', count(totals.poisonRecords)],
        ]}
      />
    </>
  )
}
