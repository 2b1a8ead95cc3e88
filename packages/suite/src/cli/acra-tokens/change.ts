import { encodeRecord } from '../../tokens/index.ts'
import type { Program } from '../program.ts'
import { scanTokens, selectionOptions, withTokens } from './selection.ts'

function change(
  name: string,
  done: string,
  disabled: boolean,
  description: string,
): Program<typeof selectionOptions> {
  return {
    name: `acra-tokens ${name}`,
    kind: 'tool',
    description,
    examples: [`acra-tokens ${name} --token_db=tokens.db --accessed_before=2024-01-01`],
    options: selectionOptions,
    async run(context) {
      let inspected = 0
      let changed = 0
      await withTokens(context, (store, isChosen) =>
        scanTokens(store, (record) => {
          inspected++
          if (record.disabled === disabled || !isChosen(record)) return 'keep'
          changed++
          return encodeRecord({ ...record, disabled })
        }),
      )
      context.log.info(`${done} ${changed} tokens (out of ${inspected} inspected)`)
      return 0
    },
  }
}

/** spec: cli-tools §10 */
export const disable: Program<typeof selectionOptions> = change(
  'disable',
  'Disabled',
  true,
  'Disables tokens: they are answered as they are, and not turned into their values, until they are enabled.',
)

/** spec: cli-tools §10 */
export const enable: Program<typeof selectionOptions> = change(
  'enable',
  'Enabled',
  false,
  'Enables tokens that were disabled.',
)
