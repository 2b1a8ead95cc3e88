import type { Refusal } from '../../sql/index.ts'
import type { Bind } from '../../wire/postgres/index.ts'
import { settingsRefusal } from './bound-settings.ts'
import { isCopyIn } from './copy-in.ts'
import { isOfOtherPath, preparedIn } from './execute-arguments.ts'
import type { Statement } from './prepared.ts'
import { refusals } from './refusal.ts'
import type { PossiblePaths } from './search-paths.ts'

/** Why a Bind must not pass, by what is known of its statement; null where it may, its values protected. */
export function bindRefusal(
  statement: Statement | null,
  message: Bind,
  bytes: Buffer,
  books: { readonly searchPaths: PossiblePaths },
): Refusal | null {
  const hasParameters = message.parameterCount > 0
  if (statement === null || statement.isAmbiguous === true)
    return hasParameters ? refusals.unknownStatement : null
  const { plan } = statement
  // A value that belongs to nothing is not protected either.
  if (message.parameterCount > preparedIn(statement).parameterCount) return refusals.parameterCount
  if (plan.kind !== 'planned') return null
  if (isOfOtherPath(statement, books)) return refusals.otherPath
  if (hasParameters && plan.answers.some(isCopyIn)) return refusals.copyParameters
  return settingsRefusal(bytes, message, plan.settings)
}
