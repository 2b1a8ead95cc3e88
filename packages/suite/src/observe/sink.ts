import { closeSync, openSync, writeSync } from 'node:fs'

/** Where lines go. A sink may throw: the logger counts the line as lost and goes on. */
export interface Sink {
  write(line: string): void
}

/** A log file: appended to, created for its owner alone (mode 0600), written at once. */
export class FileSink implements Sink {
  readonly #path: string
  #file: number

  /** @throws where the file cannot be opened. */
  constructor(path: string) {
    this.#path = path
    this.#file = openSync(path, 'a', 0o600)
  }

  write(line: string): void {
    writeAll(this.#file, line)
  }

  /**
   * Goes on in the file that has the name now: after a rotation, a new one. Where that fails, the
   * old one stays in use and this throws.
   */
  reopen(): void {
    const file = openSync(this.#path, 'a', 0o600)
    closeSync(this.#file)
    this.#file = file
  }
}

/** A descriptor that somebody else reads from: each line is written at once, and waits for its reader. */
export class DescriptorSink implements Sink {
  readonly #descriptor: number

  constructor(descriptor: number) {
    this.#descriptor = descriptor
  }

  write(line: string): void {
    writeAll(this.#descriptor, line)
  }
}

function writeAll(descriptor: number, line: string): void {
  const bytes = Buffer.from(line)
  let at = 0
  while (at < bytes.length) at += writeSync(descriptor, bytes, at)
}
