/** Settings of a session that decide how the server reads a text, and what names in it mean: acra-server must read it in the same way. */
import type { Reason } from './findings.ts'

/** Encodings in which a byte of a longer character can be a quote or a backslash. */
const UNSAFE_ENCODINGS = new Set([
  'big5',
  'gb18030',
  'gbk',
  'johab',
  'mskanji',
  'shiftjis',
  'shiftjis2004',
  'sjis',
  'uhc',
  'win932',
  'win936',
  'win949',
  'win950',
  'windows932',
  'windows936',
  'windows949',
  'windows950',
])

/** True for the settings whose values are checked: then a verdict depends on the value. */
export function isCheckedSetting(name: string): boolean {
  return CHECKED.has(name.toLowerCase())
}

const CHECKED = new Set(['standard_conforming_strings', 'client_encoding', 'names', 'search_path'])

/** True for the setting that says which schemas a name without one is looked for in. */
export function isSearchPath(name: string): boolean {
  return name.toLowerCase() === 'search_path'
}

/** True for the settings that say which role the session has. */
export function isRole(name: string): boolean {
  return ROLES.has(name.toLowerCase())
}

const ROLES = new Set(['role', 'session_authorization'])

const ON = new Set(['on', 'true', 'tru', 'tr', 't', 'yes', 'ye', 'y', '1', 'default'])

/** True where a setting makes backslashes in strings escapes. `value` is null where the statement does not say it. */
export function makesEscapes(name: string, value: string | null): boolean {
  if (name.toLowerCase() !== 'standard_conforming_strings') return false
  return !ON.has(value?.toLowerCase().trim() ?? '')
}

/**
 * Why a session must not have a setting; null where it may. `value` is null where the statement does not say it. For every way to set
 * something: SET, `set_config`, ALTER ROLE, start-up packet, ParameterStatus.
 */
export function settingProblem(name: string, value: string | null): Reason | null {
  const setting = name.toLowerCase()
  const wanted = value?.toLowerCase() ?? ''
  const isEncoding = setting === 'client_encoding' || setting === 'names'
  if (isEncoding && (value === null || UNSAFE_ENCODINGS.has(wanted.replace(/[^a-z0-9]/g, '')))) {
    return {
      message:
        'client_encoding is set to an encoding in which a part of a character may look like a quote',
      hint: 'Use UTF8 between the application and acra-server.',
    }
  }
  return null
}
