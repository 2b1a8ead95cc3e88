import type { Program } from '../program.ts'
import { scanTokens, selectionOptions, sizeText, withTokens } from './selection.ts'

/** spec: cli-tools §10 */
export const status: Program<typeof selectionOptions> = {
  name: 'acra-tokens status',
  kind: 'tool',
  description: 'Prints how many tokens there are, how much they take, and how many are disabled.',
  examples: ['acra-tokens status --token_db=tokens.db'],
  options: selectionOptions,
  async run(context) {
    const sums = { count: 0, size: 0, disabledCount: 0, disabledSize: 0 }
    await withTokens(context, (store, isChosen) =>
      scanTokens(store, (record, size) => {
        if (!isChosen(record)) return 'keep'
        sums.count++
        sums.size += size
        if (record.disabled) {
          sums.disabledCount++
          sums.disabledSize += size
        }
        return 'keep'
      }),
    )
    context.print(
      `TokenCount: ${sums.count}\nStorageSize: ${sums.size} (${sizeText(sums.size)})\n` +
        `DisabledTokenCount: ${sums.disabledCount}\n` +
        `DisabledStorageSize: ${sums.disabledSize} (${sizeText(sums.disabledSize)})\n`,
    )
    return 0
  },
}
