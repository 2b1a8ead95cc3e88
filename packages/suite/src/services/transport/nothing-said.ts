import { AcraError } from '../../foundation/index.ts'

/** A client that was gone, or stayed silent, before it had said anything: mostly somebody who looks whether we are there. */
export class NothingSaidError extends AcraError<'connection-silent'> {
  constructor() {
    super(
      'connection-silent',
      'the client was gone, or silent for too long, before it had said who it is',
    )
  }
}
