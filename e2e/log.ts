/** What a running acra-server says, read from its log. */
import { readFile } from 'node:fs/promises'
import { setImmediate as turn } from 'node:timers/promises'
import type { AcraServer } from '../tools/programs.ts'

const patienceMs = 60_000

/** Waits until the server has logged `text`; the whole log. Fails with the log where that does not come. */
export async function says(
  { logFile }: Pick<AcraServer, 'logFile'>,
  text: string,
): Promise<string> {
  const deadline = Date.now() + patienceMs
  for (;;) {
    const log = await readFile(logFile, 'utf8').catch(() => '')
    if (log.includes(text)) return log
    if (Date.now() > deadline) throw new Error(`the server did not say "${text}":\n${log}`)
    await turn()
  }
}
