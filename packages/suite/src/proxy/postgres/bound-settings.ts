import type { Refusal, SettingInBind } from '../../sql/index.ts'
import { isRole, isSearchPath, makesEscapes, settingProblem } from '../../sql/postgres/index.ts'
import { type Bind, openParameters, ValueReader } from '../../wire/postgres/index.ts'
import { refusals } from './refusal.ts'

/** What a Bind sets for its session. */
interface BoundSetting {
  readonly name: string
  /** Null where the statement computes it. */
  readonly value: string | null
}

/** Why the values of a Bind must not be settings of these; null where they may. */
export function settingsRefusal(
  bytes: Buffer,
  message: Bind,
  settings: readonly SettingInBind[],
): Refusal | null {
  for (const { name, value } of boundSettings(bytes, message, settings)) {
    // What becomes of names is planned with the text.
    if (isSearchPath(name) || isRole(name)) return refusals.settingName
    const problem = settingProblem(name, value)
    if (problem !== null) return { sqlState: '0A000', ...problem, column: null }
  }
  return null
}

/** True where the values make backslashes in strings escapes. */
export function bindsEscapes(
  bytes: Buffer,
  message: Bind,
  settings: readonly SettingInBind[],
): boolean {
  const bound = boundSettings(bytes, message, settings)
  return bound.some(({ name, value }) => makesEscapes(name, value))
}

function boundSettings(
  bytes: Buffer,
  message: Bind,
  settings: readonly SettingInBind[],
): readonly BoundSetting[] {
  if (settings.length === 0) return []
  const given = new Map<number, string>()
  const values = new ValueReader()
  openParameters(bytes, message, values)
  while (values.next()) {
    // Text has the same bytes in both formats. What is left out is NULL.
    if (!values.isNull)
      given.set(values.index + 1, bytes.toString('latin1', values.start, values.end))
  }
  const textOf = (text: SettingInBind['value']) =>
    text === null || typeof text === 'string' ? text : (given.get(text.parameter) ?? 'default')
  return settings.map(({ name, value }) => ({ name: textOf(name) ?? '', value: textOf(value) }))
}
