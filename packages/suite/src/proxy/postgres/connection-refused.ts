import { AcraError } from '../../foundation/index.ts'
import type { ErrorReport } from '../../wire/postgres/index.ts'

/** A client that may not come in; `report` is what it is told. */
export class ConnectionRefused extends AcraError {
  readonly report: ErrorReport

  constructor(code: string, report: ErrorReport, options?: ErrorOptions) {
    super(code, report.message, options)
    this.report = report
  }
}
