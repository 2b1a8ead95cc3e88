/** Whether a column of the database can hold what is stored in it. */
import type { DatabaseColumn } from './database-schema.ts'
import type { ColumnSetting } from './encryptor-config.ts'

const TEXTS = /^(?:text|character varying|citext|"?name"?)$/
const LIMITED_TEXTS = /^(?:character varying|character)\(\d+\)$/

/** Expressions of defaults that are stored as they are where the column is protected too: NULL and values without a byte. */
const HARMLESS_DEFAULT = /^(?:NULL|'(?:\\x)?')(?:::[\w ".()[\]]+)?$/

/** What is wrong with the column, and what is only worth saying. */
export interface ColumnProblems {
  readonly problems: string[]
  readonly warnings: string[]
}

export function columnProblems(setting: ColumnSetting, column: DatabaseColumn): ColumnProblems {
  const problems: string[] = []
  const warnings: string[] = []
  const wanted = wantedType(setting)
  const { type, isGenerated } = column
  if (!wanted.fits.test(type)) {
    problems.push(`the column is of type ${type} in the database and has to be ${wanted.name}`)
  } else if (LIMITED_TEXTS.test(type)) {
    warnings.push(`the type ${type} holds tokens of values that are no longer than it says`)
  }
  if (isGenerated) {
    problems.push(
      'the database makes the values of the column by itself, and would store them as they are',
    )
  } else if (column.default !== null && !HARMLESS_DEFAULT.test(column.default)) {
    const text = 'the column has a default, which would be stored as it is'
    if (setting.onUnprotected === 'pass') warnings.push(text)
    else problems.push(`${text}: drop the default, or set on_unprotected: pass`)
  }
  return { problems, warnings }
}

interface WantedType {
  readonly name: string
  readonly fits: RegExp
}

function wantedType({ tokenization }: ColumnSetting): WantedType {
  switch (tokenization?.type) {
    case 'int32':
      return { name: 'integer', fits: /^(?:integer|bigint)$/ }
    case 'int64':
      return { name: 'bigint', fits: /^bigint$/ }
    case 'str':
    case 'email':
      return {
        name: 'text',
        fits: new RegExp(`${TEXTS.source}|${LIMITED_TEXTS.source}`),
      }
    default:
      return { name: 'bytea', fits: /^bytea$/ }
  }
}
