import type { Live } from './live.ts'

/** What every page is given. */
export interface PageProps {
  readonly live: Live
  readonly isOperator: boolean
}
