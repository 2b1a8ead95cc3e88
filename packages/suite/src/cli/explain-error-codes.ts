import { events } from '../observe/index.ts'
import type { ErrorEntry } from './error-entry.ts'

/** The errors of explanations and definitions. */
export const explainErrorCodes: Readonly<Record<string, ErrorEntry>> = {
  'columns-unknown': {
    meaning:
      '`print_ddl_unique` names a column that the encryptor config does not have, or that cannot be compared.',
    remedy: 'Name it as `table.column`; it has to be `searchable`, or a consistent token.',
    event: events.wrongParameter,
  },
}
