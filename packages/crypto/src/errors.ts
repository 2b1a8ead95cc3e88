/**
 * The root of all our errors. `code` is stable and listed in docs/errors.md: catch by code, never by message.
 * Messages are fixed lower-case sentences without secrets, keys, plaintext or SQL literals.
 */
export class AcraError<Code extends string = string> extends Error {
  readonly code: Code

  constructor(code: Code, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = new.target.name
    this.code = code
  }
}
