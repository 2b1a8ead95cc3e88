/** What a simulated database answers with an error. */
export class Failure extends Error {
  readonly sqlState: string
  readonly isFatal: boolean

  constructor(sqlState: string, message: string, isFatal = false) {
    super(message)
    this.sqlState = sqlState
    this.isFatal = isFatal
  }
}
