/** In the place of node:test in a page: keeps the tests that a file declares, and runs them when asked. */

type Work = () => void | Promise<void>
const declared: { readonly name: string; readonly work: Work }[] = []

export default function test(name: string, work: Work): void {
  declared.push({ name, work })
}

/** What became of each test: null where it passed, else what went wrong. */
export async function results(): Promise<{ name: string; failure: string | null }[]> {
  const done = []
  for (const { name, work } of declared) {
    done.push({ name, failure: await failureOf(work) })
  }
  return done
}

async function failureOf(work: Work): Promise<string | null> {
  try {
    await work()
    return null
  } catch (error) {
    return error instanceof Error ? `${error.message}\n${error.stack}` : String(error)
  }
}
