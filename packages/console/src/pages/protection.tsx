import { useState } from 'preact/hooks'
import type {
  ColumnProtection,
  ConfigCheck,
  ConfigProblem,
  ConfigVersion,
  Protection,
  StatementChange,
  TableProtection,
} from '../contract.ts'
import { diffLines } from '../diff.ts'
import { time } from '../format.ts'
import type { PageProps } from '../page-props.ts'
import { Confirm } from '../parts/confirm.tsx'
import { Empty } from '../parts/empty.tsx'
import { Page } from '../parts/loaded.tsx'
import { ErrorNotice, Notice } from '../parts/notice.tsx'
import { Table } from '../parts/table.tsx'
import { asRequestError, type RequestError, request, useLoaded } from '../request.ts'

export function ProtectionPage({ isOperator }: PageProps) {
  const loaded = useLoaded<Protection>('protection')
  return (
    <Page loaded={loaded}>
      {(protection) => (
        <>
          <Tables protection={protection} />
          {protection.file !== '' && (
            <Editor
              key={protection.id}
              protection={protection}
              isOperator={isOperator}
              reload={loaded.reload}
            />
          )}
        </>
      )}
    </Page>
  )
}

function Tables({ protection }: { readonly protection: Protection }) {
  if (protection.tables.length === 0)
    return (
      <Empty title="Nothing is protected">
        <p>
          acra-server forwards everything as it is. Name tables and columns in an encryptor config,
          and start acra-server with <code>--encryptor_config_file</code>.
        </p>
      </Empty>
    )
  return (
    <>
      {protection.warnings.map((warning) => (
        <Notice key={warning} kind="warning" title={warning} />
      ))}
      {protection.tables.map((table) => (
        <section key={table.table}>
          <h2>{table.table}</h2>
          {!table.isComplete && (
            <p class="hint">
              The config does not list all columns of this table. List them, or turn on
              --schema_introspection, so that <code>SELECT *</code> can be told.
            </p>
          )}
          <Columns table={table} />
        </section>
      ))}
    </>
  )
}

function Columns({ table }: { readonly table: TableProtection }) {
  const from =
    table.source === 'database' ? 'learned from the database' : 'as in the encryptor config'
  return (
    <Table<ColumnProtection>
      caption={`Columns of ${table.table}, ${from}`}
      rows={table.columns}
      keyOf={({ column }) => column}
      columns={[
        { title: 'Column', show: ({ column }) => column },
        {
          title: 'Protection',
          show: ({ protection }) =>
            protection === null ? (
              <span class="muted">not protected</span>
            ) : (
              protection.how.map((how) => (
                <span key={how} class="chip">
                  {how}
                </span>
              ))
            ),
        },
        { title: 'Type', show: ({ protection }) => protection?.dataType ?? '' },
        {
          title: 'Keys of',
          show: ({ protection }) => (protection === null ? '' : (protection.owner ?? 'the client')),
        },
        {
          title: 'If it cannot be protected',
          show: ({ protection }) => protection?.onUnprotected ?? '',
        },
      ]}
    />
  )
}

function Editor(props: { protection: Protection; isOperator: boolean; reload: () => void }) {
  const { protection, isOperator, reload } = props
  const [text, setText] = useState(protection.text)
  const [check, setCheck] = useState<ConfigCheck | null>(null)
  const [error, setError] = useState<RequestError | null>(null)
  const [asked, setAsked] = useState<{ title: string; act: () => Promise<unknown> } | null>(null)
  const [done, setDone] = useState<string | null>(null)
  const attempt = async (act: () => Promise<unknown>) => {
    setError(null)
    setDone(null)
    try {
      await act()
    } catch (failure) {
      setError(asRequestError(failure))
    }
  }
  const onCheck = () =>
    attempt(async () =>
      setCheck(await request<ConfigCheck>('protection/check', 'POST', { text, id: protection.id })),
    )
  const apply = async () => {
    await request('protection', 'POST', { text, id: protection.id })
    setDone('Applied: new connections are protected by it')
    reload()
  }
  const rollBack = (version: ConfigVersion) => async () => {
    await request('protection/roll-back', 'POST', { version: version.id, id: protection.id })
    setDone('Rolled back')
    reload()
  }
  const isChanged = text !== protection.text
  const mayApply =
    isChanged && check !== null && check.problems.length === 0 && check.weakenings.length === 0
  return (
    <section>
      <h2>Encryptor config</h2>
      <p>
        <code>{protection.file}</code> on acra-server's machine
      </p>
      <label>
        YAML
        <textarea
          class="code"
          rows={18}
          spellcheck={false}
          readOnly={!isOperator}
          value={text}
          onInput={(event) => {
            setText(event.currentTarget.value)
            setCheck(null)
          }}
        />
      </label>
      {isOperator && (
        <p class="buttons">
          <button type="button" onClick={onCheck} disabled={!isChanged}>
            Check
          </button>
          <button
            type="button"
            class="main"
            disabled={!mayApply}
            onClick={() => setAsked({ title: 'Apply this encryptor config?', act: apply })}
          >
            Apply
          </button>
        </p>
      )}
      {error !== null && <ErrorNotice error={error} />}
      {done !== null && <Notice kind="success" title={done} />}
      {check !== null && <Checked check={check} before={protection.text} after={text} />}
      {check === null && protection.definitions !== '' && (
        <Definitions definitions={protection.definitions} />
      )}
      <h2>Versions before</h2>
      {protection.versions.length === 0 ? (
        <p>There is none yet. Each change that is applied from here keeps the version before.</p>
      ) : (
        <Table<ConfigVersion>
          caption="Versions that can be brought back"
          rows={protection.versions}
          keyOf={({ id }) => id}
          columns={[
            { title: 'Replaced', show: ({ at }) => time(at) },
            { title: 'By', show: ({ by }) => by ?? 'unknown' },
            {
              title: 'Change',
              show: (version) =>
                isOperator && (
                  <button
                    type="button"
                    onClick={() =>
                      setAsked({ title: 'Bring this version back?', act: rollBack(version) })
                    }
                  >
                    Roll back<span class="unseen"> to that of {time(version.at)}</span>
                  </button>
                ),
            },
          ]}
        />
      )}
      {asked !== null && (
        <Confirm
          title={asked.title}
          action="Yes"
          onNo={() => setAsked(null)}
          onYes={() => {
            setAsked(null)
            void attempt(asked.act)
          }}
        >
          <p>acra-server reads it at once. Connections that are open finish with what they have.</p>
        </Confirm>
      )}
    </section>
  )
}

function Checked(props: { check: ConfigCheck; before: string; after: string }) {
  const { check, before, after } = props
  if (check.problems.length > 0)
    return (
      <>
        <Notice kind="error" title="This config cannot be used" />
        <Table<ConfigProblem>
          caption="What is wrong"
          rows={check.problems}
          keyOf={({ line, column, message }) => `${line}:${column} ${message}`}
          columns={[
            { title: 'Line', isNumber: true, show: ({ line }) => (line === 0 ? '' : line) },
            { title: 'Column', isNumber: true, show: ({ column }) => (column === 0 ? '' : column) },
            { title: 'Problem', show: ({ message }) => message },
          ]}
        />
      </>
    )
  return (
    <>
      {check.weakenings.length > 0 ? (
        <Notice kind="warning" title="This takes protection away: it is not applied from a browser">
          {check.weakenings.join(' ')}
        </Notice>
      ) : (
        <Notice kind="success" title="This config can be applied" />
      )}
      {check.byHand !== null && (
        <>
          <p>Do it on acra-server's machine:</p>
          <pre>{check.byHand}</pre>
        </>
      )}
      <h3>What changes</h3>
      <pre class="diff">
        {diffLines(before, after).map(({ kind, text }, index) => (
          <span key={index} class={kind}>
            {`${{ same: ' ', removed: '-', added: '+' }[kind]} ${text}\n`}
          </span>
        ))}
      </pre>
      {check.statements.length > 0 && (
        <Table<StatementChange>
          caption="Statements that ran lately and would be treated otherwise"
          rows={check.statements}
          keyOf={({ statement }) => statement}
          columns={[
            { title: 'Statement', show: ({ statement }) => <code>{statement}</code> },
            { title: 'Now', show: ({ before: now }) => now },
            { title: 'Then', show: ({ after: then }) => then },
            { title: 'Why', show: ({ reason }) => reason ?? '' },
          ]}
        />
      )}
      {check.definitions !== '' && <Definitions definitions={check.definitions} />}
    </>
  )
}

function Definitions({ definitions }: { readonly definitions: string }) {
  return (
    <details>
      <summary>SQL that makes the database ready for it</summary>
      <pre>{definitions}</pre>
    </details>
  )
}
