import type { PoisonRecords } from '../contract.ts'
import { count } from '../format.ts'
import { Empty } from '../parts/empty.tsx'
import { Facts } from '../parts/facts.tsx'
import { Page } from '../parts/loaded.tsx'
import { Notice } from '../parts/notice.tsx'
import { useLoaded } from '../request.ts'

export function PoisonPage() {
  return (
    <Page loaded={useLoaded<PoisonRecords>('poison-records')}>
      {(poison) => (poison.isOn ? <Shown poison={poison} /> : <Off />)}
    </Page>
  )
}

function Off() {
  return (
    <Empty title="Poison records are not looked for">
      <p>
        A poison record is a value that no application ever asks for. Put some into your tables by{' '}
        <code>acra-poisonrecordmaker</code>; whoever reads a whole table then sets off an alarm.
        Turn it on with <code>--poison_detect_enable</code>.
      </p>
    </Empty>
  )
}

function Shown({ poison }: { readonly poison: PoisonRecords }) {
  return (
    <>
      {poison.found > 0 ? (
        <Notice kind="error" title={`Found since the start: ${count(poison.found)}`}>
          Somebody has read what nobody asks for. The audit log says over which connection.
        </Notice>
      ) : (
        <Notice kind="success" title="None was found since the start" />
      )}
      <Facts
        facts={[
          ['Script that is run', poison.script === '' ? 'none' : <code>{poison.script}</code>],
          ['Stops acra-server', poison.stopsServer ? 'yes' : 'no'],
        ]}
      />
    </>
  )
}
