import type { Settings } from '../contract.ts'
import { Empty } from '../parts/empty.tsx'
import { Page } from '../parts/loaded.tsx'
import { useLoaded } from '../request.ts'

export function CensorPage() {
  return (
    <Page loaded={useLoaded<Settings>('settings')}>
      {() => (
        <Empty title="AcraCensor is not part of this acra-server">
          <p>
            AcraCensor is a firewall for SQL: it lets statements through or stops them by rules of
            yours. This version does not have it yet. Statements that would carry a protected value
            in the clear are refused all the same: see the page Statements.
          </p>
        </Empty>
      )}
    </Page>
  )
}
