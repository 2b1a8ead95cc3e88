import type { Verdict as Kind } from '../contract.ts'

const meanings: Readonly<Record<Kind, string>> = {
  untouched: 'forwarded as it is: nothing protected is in it',
  rewritten: 'its values are protected, its rows revealed',
  refused: 'not forwarded',
  passed: 'forwarded unprotected, as on_unprotected: pass says',
}

/** What became of a statement. */
export function Verdict({ verdict }: { readonly verdict: Kind }) {
  return (
    <span class={`verdict ${verdict}`} title={meanings[verdict]}>
      {verdict}
    </span>
  )
}
