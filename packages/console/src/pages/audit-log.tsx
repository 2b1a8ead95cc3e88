import { useState } from 'preact/hooks'
import type { AuditLog, LogLine } from '../contract.ts'
import { time } from '../format.ts'
import type { PageProps } from '../page-props.ts'
import { Empty } from '../parts/empty.tsx'
import { Page } from '../parts/loaded.tsx'
import { Notice } from '../parts/notice.tsx'
import { Table } from '../parts/table.tsx'
import { useLoaded } from '../request.ts'

const LEVELS = ['all', 'warning', 'error'] as const
type Level = (typeof LEVELS)[number]

export function AuditLogPage({ live }: PageProps) {
  return (
    <Page loaded={useLoaded<AuditLog>('log')}>
      {(log) => <Lines log={log} added={live.lines} />}
    </Page>
  )
}

function Lines({ log, added }: { readonly log: AuditLog; readonly added: readonly LogLine[] }) {
  const [word, setWord] = useState('')
  const [level, setLevel] = useState<Level>('all')
  const newest = log.lines[0]?.at ?? 0
  const lines = [...added.filter(({ at }) => at > newest), ...log.lines]
  const shown = lines.filter(
    (line) => isOfLevel(line, level) && textOf(line).includes(word.toLowerCase()),
  )
  return (
    <>
      {log.isChained ? (
        <Notice kind="info" title="The log is a chain">
          Check it by acra-log-verifier on acra-server's machine.
        </Notice>
      ) : (
        <Notice kind="warning" title="The log is not protected against changes">
          Start acra-server with --audit_log_enable, and acra-log-verifier can tell whether a line
          was changed or removed.
        </Notice>
      )}
      <p class="filters">
        <label>
          Find{' '}
          <input
            type="search"
            value={word}
            onInput={(event) => setWord(event.currentTarget.value)}
          />
        </label>
        <label>
          Level{' '}
          <select value={level} onChange={(event) => setLevel(event.currentTarget.value as Level)}>
            {LEVELS.map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
        </label>
      </p>
      {lines.length === 0 ? (
        <Empty title="Nothing was logged yet">
          <p>Lines show up here as acra-server writes them.</p>
        </Empty>
      ) : (
        <Table<LogLine>
          caption={`${shown.length} lines, the newest first`}
          rows={shown}
          keyOf={(line) => `${line.at} ${line.message} ${JSON.stringify(line.fields)}`}
          columns={[
            { title: 'When', show: ({ at }) => time(at) },
            { title: 'Level', show: ({ level: of }) => <span class={`level ${of}`}>{of}</span> },
            { title: 'Code', isNumber: true, show: ({ code }) => code ?? '' },
            { title: 'What', show: ({ message }) => message },
            { title: 'Details', show: ({ fields }) => <Fields fields={fields} /> },
          ]}
        />
      )}
    </>
  )
}

function Fields({ fields }: { readonly fields: LogLine['fields'] }) {
  return (
    <>
      {Object.entries(fields).map(([name, value]) => (
        <span key={name} class="field">
          {name}: {value}
        </span>
      ))}
    </>
  )
}

function isOfLevel(line: LogLine, level: Level): boolean {
  if (level === 'all') return true
  return line.level === 'error' || line.level === 'fatal' || line.level === level
}

function textOf({ message, fields, code }: LogLine): string {
  return `${message} ${code ?? ''} ${Object.values(fields).join(' ')}`.toLowerCase()
}
