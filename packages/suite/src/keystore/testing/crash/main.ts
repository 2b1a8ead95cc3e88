import { TestFolders } from '../stores.ts'
import { changes } from './changes.ts'
import { crashRun } from './crash-run.ts'

/** `npm run lab -- crash`: every change of a keystore, a fault in the place of every system call that changes a file. The exit code. */
export async function main(_args: readonly string[]): Promise<number> {
  const folders = new TestFolders()
  let points = 0
  try {
    const tried = (['v1', 'v2'] as const).map(async (version) => {
      for (const change of changes) {
        const { killed, failed, done } = await crashRun(version, folders.next(), change)
        points += killed + failed + done
        console.log(
          `${version}, ${change.name}: killed at ${killed} points, failed at ${failed}, went on at ${done}`,
        )
      }
    })
    await Promise.all(tried)
  } finally {
    folders.remove()
  }
  console.log(`${points} points tried, all recovered`)
  return 0
}
