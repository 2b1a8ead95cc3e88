import { flag } from '../../options/index.ts'
import type { Program } from '../program.ts'
import { Refusal } from '../refusal.ts'
import { dryRun, scanTokens, selectionOptions, sizeText, withTokens } from './selection.ts'

const options = {
  ...selectionOptions,
  all: flag(false, 'Remove disabled and enabled tokens'),
  only_disabled: flag(false, 'Remove disabled tokens only'),
  dry_run: dryRun,
} as const

/** spec: cli-tools §10. `--only_disabled` removes what is disabled and nothing else: in the original it removes everything. */
export const remove: Program<typeof options> = {
  name: 'acra-tokens remove',
  kind: 'tool',
  description:
    'Removes tokens for good: what they stand for is lost. Disable them first, and remove them when nobody has missed them.',
  examples: ['acra-tokens remove --token_db=tokens.db --only_disabled --dry_run'],
  options,
  async run(context) {
    const { all, only_disabled: onlyDisabled, dry_run: isDry } = context.options
    if (!all && !onlyDisabled) {
      throw new Refusal('Either --all or --only_disabled must be specified', undefined, {
        cause: 'underspecified removal conditions',
      })
    }
    const sums = { total: 0, removed: 0, size: 0 }
    await withTokens(context, (store, isChosen) =>
      scanTokens(store, (record, size) => {
        sums.total++
        if (!isChosen(record) || (onlyDisabled && !record.disabled)) return 'keep'
        sums.removed++
        sums.size += size
        return isDry ? 'keep' : 'remove'
      }),
    )
    context.log.info(`Removed ${sums.removed} tokens (out of ${sums.total} in total)`)
    context.log.info(`Freed approximately ${sizeText(sums.size)} of token storage`)
    if (isDry) context.log.info('Now run without --dry_run to actually remove the tokens')
    return 0
  },
}
