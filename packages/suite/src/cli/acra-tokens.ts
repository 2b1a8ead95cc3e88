import { disable, enable } from './acra-tokens/change.ts'
import { remove } from './acra-tokens/remove.ts'
import { status } from './acra-tokens/status.ts'
import type { ProgramOfCommands } from './program.ts'

/** acra-tokens: looks after the store of tokens; it needs no key. spec: cli-tools §10 */
export const program: ProgramOfCommands = {
  name: 'acra-tokens',
  description:
    'Counts, disables, enables and removes tokens. The tokens of a running acra-server may be looked after at the same time.',
  examples: ['acra-tokens status --token_db=tokens.db', 'acra-tokens remove --help'],
  commands: [status, disable, enable, remove],
}
