/** A value now, or a promise only where the outside world must be asked first. */
export type Soon<T> = T | Promise<T>

/** Goes on with `value` at once where it is there, and later where it is not. */
export function soon<T, R>(value: Soon<T>, next: (value: T) => Soon<R>): Soon<R> {
  return value instanceof Promise ? value.then(next) : next(value)
}

/** What `action` gives; `cleanup` runs once when it is over, at once where it is not late, and after a failure too. */
export function lastly<R>(action: () => Soon<R>, cleanup: () => void): Soon<R> {
  let result: Soon<R>
  try {
    result = action()
  } catch (error) {
    cleanup()
    throw error
  }
  if (result instanceof Promise) return result.finally(cleanup)
  cleanup()
  return result
}

/** What `action` gives; what it throws, or rejects with, becomes what `explain` makes of it. */
export function explained<R>(action: () => Soon<R>, explain: (error: unknown) => unknown): Soon<R> {
  try {
    const result = action()
    if (!(result instanceof Promise)) return result
    return result.catch((error) => {
      throw explain(error)
    })
  } catch (error) {
    throw explain(error)
  }
}

/** What `action` gives; `tell` hears, once it is over, whether it was done, and the value where it was. */
export function outcomeOf<R>(
  action: () => Soon<R>,
  tell: (isDone: boolean, value: R | undefined) => void,
): Soon<R> {
  const failed = (error: unknown): never => {
    tell(false, undefined)
    throw error
  }
  const done = (value: R): R => {
    tell(true, value)
    return value
  }
  let result: Soon<R>
  try {
    result = action()
  } catch (error) {
    return failed(error)
  }
  return result instanceof Promise ? result.then(done, failed) : done(result)
}
