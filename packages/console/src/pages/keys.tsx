import { useState } from 'preact/hooks'
import type { KeyState, Keys } from '../contract.ts'
import { duration, time } from '../format.ts'
import type { PageProps } from '../page-props.ts'
import { Confirm } from '../parts/confirm.tsx'
import { Empty } from '../parts/empty.tsx'
import { Page } from '../parts/loaded.tsx'
import { ErrorNotice, Notice } from '../parts/notice.tsx'
import { Table } from '../parts/table.tsx'
import { asRequestError, type RequestError, request, useLoaded } from '../request.ts'

export function KeysPage({ isOperator }: PageProps) {
  const loaded = useLoaded<Keys>('keys')
  return (
    <Page loaded={loaded}>
      {(keys) => <KeyList keys={keys} isOperator={isOperator} reload={loaded.reload} />}
    </Page>
  )
}

function KeyList(props: { keys: Keys; isOperator: boolean; reload: () => void }) {
  const { keys, isOperator, reload } = props
  const [asked, setAsked] = useState<KeyState | null>(null)
  const [rotated, setRotated] = useState<KeyState | null>(null)
  const [error, setError] = useState<RequestError | null>(null)
  const mayRotate = isOperator && keys.rotationOff === null
  const rotate = async (key: KeyState) => {
    setAsked(null)
    setError(null)
    setRotated(null)
    try {
      await request('keys/rotate', 'POST', { purpose: key.purpose, owner: key.owner })
      setRotated(key)
      reload()
    } catch (failure) {
      setError(asRequestError(failure))
    }
  }
  if (keys.keys.length === 0)
    return (
      <Empty title="The keystore has no keys">
        <p>
          Make the keys of a client on acra-server's machine:{' '}
          <code>acra-keymaker --client_id=someid</code>
        </p>
      </Empty>
    )
  return (
    <>
      <p>
        Keystore: <b>{keys.keystore}</b>. Private keys never leave acra-server; this page shows what
        there is.
      </p>
      {keys.warnings.map((warning) => (
        <Notice key={warning} kind="warning" title={warning} />
      ))}
      {keys.rotationOff !== null && isOperator && (
        <Notice kind="info" title="Keys cannot be rotated from here">
          {keys.rotationOff}
        </Notice>
      )}
      {error !== null && <ErrorNotice error={error} />}
      {rotated !== null && (
        <Notice kind="success" title={`Rotated: ${nameOf(rotated)}`}>
          New values use the new key. Values that are stored stay readable.
        </Notice>
      )}
      <Table<KeyState>
        caption="Keys"
        rows={keys.keys}
        keyOf={nameOf}
        columns={[
          { title: 'Purpose', show: ({ purpose }) => purpose },
          { title: 'Client or zone', show: ({ owner }) => owner ?? '–' },
          { title: 'Versions', isNumber: true, show: ({ versions }) => versions },
          { title: 'Newest made', show: ({ createdAt }) => time(createdAt) },
          { title: 'Age', show: ({ createdAt }) => age(createdAt) },
          ...(mayRotate
            ? [
                {
                  title: 'Change',
                  show: (key: KeyState) =>
                    key.canRotate && (
                      <button type="button" onClick={() => setAsked(key)}>
                        Rotate<span class="unseen"> {nameOf(key)}</span>
                      </button>
                    ),
                },
              ]
            : []),
        ]}
      />
      {asked !== null && (
        <Confirm
          title={`Rotate ${nameOf(asked)}?`}
          action="Rotate"
          onYes={() => rotate(asked)}
          onNo={() => setAsked(null)}
        >
          <p>
            acra-server makes a new version and uses it for new values. Older versions stay, so that
            stored values remain readable. It cannot be undone.
          </p>
        </Confirm>
      )}
    </>
  )
}

function nameOf({ purpose, owner }: KeyState): string {
  return owner === null ? purpose : `${purpose} of ${owner}`
}

function age(createdAt: number | null): string {
  return createdAt === null ? '–' : duration((Date.now() - createdAt) / 1000)
}
