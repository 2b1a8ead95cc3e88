import type { Tokens } from '../contract.ts'
import { count } from '../format.ts'
import { Empty } from '../parts/empty.tsx'
import { Facts } from '../parts/facts.tsx'
import { Page } from '../parts/loaded.tsx'
import { useLoaded } from '../request.ts'

export function TokensPage() {
  return (
    <Page loaded={useLoaded<Tokens>('tokens')}>
      {(tokens) => (tokens.columns.length === 0 ? <NoTokens /> : <Shown tokens={tokens} />)}
    </Page>
  )
}

function NoTokens() {
  return (
    <Empty title="No column is tokenized">
      <p>
        A tokenized column holds random values of its own type in the place of real ones, which only
        acra-server can turn back. Say <code>tokenized: true</code> at a column of the encryptor
        config.
      </p>
    </Empty>
  )
}

function Shown({ tokens }: { readonly tokens: Tokens }) {
  return (
    <>
      <Facts
        facts={[
          ['Token store', tokens.store ?? 'none'],
          ['Tokenized columns', tokens.columns.join(', ')],
          ['Values tokenized since the start', count(tokens.tokenized)],
          ['Tokens turned back since the start', count(tokens.detokenized)],
          ['Failures since the start', count(tokens.failed)],
        ]}
      />
      <p>
        Tokens are looked at, disabled and removed by <code>acra-tokens</code> on acra-server's
        machine.
      </p>
    </>
  )
}
