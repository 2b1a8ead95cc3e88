import { useState } from 'preact/hooks'
import type { Explained, StatementShape } from '../contract.ts'
import { count, time } from '../format.ts'
import { Empty } from '../parts/empty.tsx'
import { Page } from '../parts/loaded.tsx'
import { ErrorNotice } from '../parts/notice.tsx'
import { Table } from '../parts/table.tsx'
import { Verdict } from '../parts/verdict.tsx'
import { asRequestError, type RequestError, request, useLoaded } from '../request.ts'

export function StatementsPage() {
  return (
    <>
      <Explain />
      <h2>Statements that ran</h2>
      <Page loaded={useLoaded<readonly StatementShape[]>('statements')}>
        {(shapes) => <Shapes shapes={shapes} />}
      </Page>
    </>
  )
}

/** What acra-server would do with a statement that somebody types. It is not run. */
function Explain() {
  const [answer, setAnswer] = useState<Explained | null>(null)
  const [error, setError] = useState<RequestError | null>(null)
  const onSubmit = async (event: SubmitEvent & { readonly currentTarget: HTMLFormElement }) => {
    event.preventDefault()
    const sql = new FormData(event.currentTarget).get('sql')
    setError(null)
    try {
      setAnswer(await request<Explained>('explain', 'POST', { sql }))
    } catch (failure) {
      setAnswer(null)
      setError(asRequestError(failure))
    }
  }
  return (
    <section>
      <h2>Explain a statement</h2>
      <form onSubmit={onSubmit}>
        <label>
          SQL (it is analysed, and not run)
          <textarea name="sql" rows={4} required spellcheck={false} maxLength={100_000} />
        </label>
        <button type="submit" class="main">
          Explain
        </button>
      </form>
      {error !== null && <ErrorNotice error={error} />}
      {answer !== null && (
        <div role="status">
          <p>
            <b>{answer.verdict}</b>
          </p>
          <pre>{answer.lines.join('\n')}</pre>
        </div>
      )}
    </section>
  )
}

function Shapes({ shapes }: { readonly shapes: readonly StatementShape[] }) {
  const [word, setWord] = useState('')
  const [isRefusedOnly, setRefusedOnly] = useState(false)
  if (shapes.length === 0)
    return (
      <Empty title="No statement has run yet">
        <p>
          Every statement that a client sends through acra-server shows up here once, without its
          values: how often it came, and what was done with it.
        </p>
      </Empty>
    )
  const shown = shapes.filter(
    ({ text, verdict }) =>
      (!isRefusedOnly || verdict === 'refused') && text.toLowerCase().includes(word.toLowerCase()),
  )
  return (
    <>
      <p class="filters">
        <label>
          Find{' '}
          <input
            type="search"
            value={word}
            onInput={(event) => setWord(event.currentTarget.value)}
          />
        </label>
        <label class="check">
          <input
            type="checkbox"
            checked={isRefusedOnly}
            onChange={(event) => setRefusedOnly(event.currentTarget.checked)}
          />
          refused only
        </label>
      </p>
      <Table<StatementShape>
        caption={`${shown.length} of ${shapes.length} statements, the most frequent first`}
        rows={shown}
        keyOf={({ text, verdict }) => `${verdict} ${text}`}
        columns={[
          { title: 'Statement', show: ({ text }) => <code>{text}</code> },
          { title: 'Verdict', show: ({ verdict }) => <Verdict verdict={verdict} /> },
          {
            title: 'Why, and the way out',
            show: ({ reason, hint }) => (
              <>
                {reason}
                {hint !== null && <p class="hint">{hint}</p>}
              </>
            ),
          },
          { title: 'Times', isNumber: true, show: ({ count: times }) => count(times) },
          { title: 'Last', show: ({ lastAt }) => time(lastAt) },
        ]}
      />
    </>
  )
}
