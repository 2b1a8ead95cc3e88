import type { EntryReader, Read } from './entry-reader.ts'

/** An option of the original that we know and do not have. Only a value that turns it off is accepted. */
interface LaterOption {
  /** Reads the value by its type; null where it is absent, or wrong and already told. */
  readonly read: (entry: EntryReader, key: string) => Read<string> | null
  readonly off: string
  readonly remedy: string
}

/** Every such option of a column, by key (spec: encryptor-config §2.2). */
export const laterOptions: Readonly<Record<string, LaterOption>> = {
  searchable_prefix: {
    read: (entry, key) => entry.wholeNumber(key),
    off: '0',
    remedy: 'remove the option',
  },
}

/** Makes every option that this version does not have, and that asks for something, a problem. */
export function refuseLaterOptions(entry: EntryReader): void {
  for (const [key, { read, off, remedy }] of Object.entries(laterOptions)) {
    const value = read(entry, key)
    if (value === null || value.value === off) continue
    entry.problem(value.offset, `is not in this version yet: ${remedy}`, key)
  }
}
