import { useState } from 'preact/hooks'
import type { NewZone, Zones } from '../contract.ts'
import { time } from '../format.ts'
import type { PageProps } from '../page-props.ts'
import { Empty } from '../parts/empty.tsx'
import { Page } from '../parts/loaded.tsx'
import { ErrorNotice, Notice } from '../parts/notice.tsx'
import { Table } from '../parts/table.tsx'
import { asRequestError, type RequestError, request, useLoaded } from '../request.ts'

export function ZonesPage({ isOperator }: PageProps) {
  const loaded = useLoaded<Zones>('zones')
  return (
    <Page loaded={loaded}>
      {(zones) => <ZoneList zones={zones} isOperator={isOperator} reload={loaded.reload} />}
    </Page>
  )
}

function ZoneList(props: { zones: Zones; isOperator: boolean; reload: () => void }) {
  const { zones, isOperator, reload } = props
  const [made, setMade] = useState<NewZone | null>(null)
  const [error, setError] = useState<RequestError | null>(null)
  if (!zones.isOn)
    return (
      <Empty title="Zones are off">
        <p>
          A zone has keys of its own, so that the values of one client can be kept apart. Start
          acra-server with <code>--zonemode_enable</code> to use them.
        </p>
      </Empty>
    )
  const add = async () => {
    setError(null)
    try {
      setMade(await request<NewZone>('zones', 'POST'))
      reload()
    } catch (failure) {
      setError(asRequestError(failure))
    }
  }
  return (
    <>
      {isOperator && (
        <p>
          <button type="button" class="main" onClick={add}>
            Add a zone
          </button>
        </p>
      )}
      {error !== null && <ErrorNotice error={error} />}
      {made !== null && (
        <Notice kind="success" title={`Made: ${made.id}`}>
          Public key for AcraWriter: <code>{made.public_key}</code>
        </Notice>
      )}
      {zones.zones.length === 0 ? (
        <Empty title="There are no zones yet">
          <p>
            Add one here, or by <code>acra-addzone</code> on acra-server's machine.
          </p>
        </Empty>
      ) : (
        <Table
          caption="Zones"
          rows={zones.zones}
          keyOf={({ id }) => id}
          columns={[
            { title: 'Zone', show: ({ id }) => <code>{id}</code> },
            { title: 'Made', show: ({ createdAt }) => time(createdAt) },
          ]}
        />
      )}
    </>
  )
}
