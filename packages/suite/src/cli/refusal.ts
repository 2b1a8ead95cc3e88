import { AcraError } from '../foundation/index.ts'
import { type Event, events } from '../observe/index.ts'

/** A tool does not do what it was asked for. The message is the line of the log; a cause is told as its `error`. */
export class Refusal extends AcraError {
  readonly event: Event

  constructor(message: string, event: Event = events.wrongParameter, options?: ErrorOptions) {
    super('tool-refused', message, options)
    this.event = event
  }
}
