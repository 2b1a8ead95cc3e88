/** In the place of node:assert/strict in a page: what the tests of the crypto package use of it. */

type Expected = RegExp | Readonly<Record<string, unknown>> | (new (...args: never[]) => Error)

function check(holds: boolean, message: string | undefined, otherwise: () => string): void {
  if (!holds) throw new Error([message, otherwise()].filter(Boolean).join(': '))
}

function ok(value: unknown, message?: string): void {
  check(Boolean(value), message, () => `${value} is not true`)
}

const assert = {
  ok,
  equal(actual: unknown, expected: unknown, message?: string): void {
    check(Object.is(actual, expected), message, () => `${actual} is not ${expected}`)
  },
  deepEqual(actual: unknown, expected: unknown, message?: string): void {
    check(same(actual, expected), message, () => `${show(actual)} is not ${show(expected)}`)
  },
  notDeepEqual(actual: unknown, expected: unknown, message?: string): void {
    check(!same(actual, expected), message, () => `both are ${show(actual)}`)
  },
  match(text: string, pattern: RegExp, message?: string): void {
    check(pattern.test(text), message, () => `${text} does not match ${pattern}`)
  },
  fail(message: string): never {
    throw new Error(message)
  },
  throws(work: () => unknown, expected?: Expected, message?: string): void {
    const thrown = thrownBy(work)
    check(thrown !== null, message, () => 'nothing was thrown')
    const isExpected = expected === undefined || isOf(thrown?.error, expected)
    check(isExpected, message, () => `another error was thrown: ${thrown?.error}`)
  },
}

export default assert

function thrownBy(work: () => unknown): { readonly error: unknown } | null {
  try {
    work()
    return null
  } catch (error) {
    return { error }
  }
}

function isOf(error: unknown, expected: Expected): boolean {
  if (expected instanceof RegExp) return expected.test(String(error))
  if (typeof expected === 'function') return error instanceof expected
  return Object.entries(expected).every(([name, value]) => {
    const actual = (error as Record<string, unknown>)[name]
    return value instanceof RegExp ? value.test(String(actual)) : same(actual, value)
  })
}

function same(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false
  if (a instanceof Set || a instanceof Map || a instanceof Date) {
    throw new Error('sets, maps and dates are not compared here')
  }
  const [ours, theirs] = [Object.keys(a), Object.keys(b)]
  return (
    ours.length === theirs.length &&
    ours.every(
      (key) => Object.hasOwn(b, key) && same(a[key as keyof typeof a], b[key as keyof typeof b]),
    )
  )
}

function show(value: unknown): string {
  return JSON.stringify(value, (_, part) => (typeof part === 'bigint' ? `${part}n` : part))
}
