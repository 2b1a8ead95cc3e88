import type { TestEvent } from 'node:test/reporters'
import type { Result } from './results.ts'

/** Why Node 20 skips the tests that were not asked for. */
const NOT_ASKED_FOR = 'test name does not match pattern'

/** A reporter of node:test: a line of JSON for every test that was asked for. */
export default async function* report(source: AsyncIterable<TestEvent>): AsyncIterable<string> {
  for await (const event of source) {
    if (event.type !== 'test:pass' && event.type !== 'test:fail') continue
    const { name, skip, details } = event.data
    if (details.type === 'suite' || skip === NOT_ASKED_FOR || name.endsWith('.test.js')) continue
    const outcome = skip ? 'skipped' : event.type === 'test:pass' ? 'passed' : 'failed'
    yield `${JSON.stringify({ name, outcome } satisfies Result)}\n`
  }
}
