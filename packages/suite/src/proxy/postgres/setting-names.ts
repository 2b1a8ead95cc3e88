import { isCheckedSetting } from '../../sql/postgres/index.ts'
import { type Bind, openParameters, ValueReader } from '../../wire/postgres/index.ts'

/** True where one of the parameters of these numbers (from 1) names a setting by which the database reads texts of statements. */
export function namesCheckedSetting(
  bytes: Buffer,
  message: Bind,
  numbers: readonly number[],
): boolean {
  if (numbers.length === 0) return false
  const values = new ValueReader()
  openParameters(bytes, message, values)
  while (values.next()) {
    if (!numbers.includes(values.index + 1)) continue
    // Text has the same bytes in both formats.
    if (isCheckedSetting(bytes.toString('latin1', values.start, values.end))) return true
  }
  return false
}
