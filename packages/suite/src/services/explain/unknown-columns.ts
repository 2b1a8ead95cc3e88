import { AcraError } from '../../foundation/index.ts'

/** Columns are named that the encryptor config does not protect in a way that can be compared. */
export class UnknownColumns extends AcraError {
  constructor(names: readonly string[]) {
    super(
      'columns-unknown',
      `the encryptor config has no searchable column of this name: ${names.join(', ')}`,
    )
  }
}
