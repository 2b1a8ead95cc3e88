import { AcraError } from '../../foundation/index.ts'

/** A client that was gone before it had said anything. */
export class NothingSaidError extends AcraError<'connection-silent'> {
  constructor() {
    super(
      'connection-silent',
      'the client was gone, or silent for too long, before it had said who it is',
    )
  }
}
