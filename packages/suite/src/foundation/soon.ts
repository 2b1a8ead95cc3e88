/** A value now, or a promise only where the outside world must be asked first. */
export type Soon<T> = T | Promise<T>

/** Goes on with `value` at once where it is there, and later where it is not. */
export function soon<T, R>(value: Soon<T>, next: (value: T) => Soon<R>): Soon<R> {
  return value instanceof Promise ? value.then(next) : next(value)
}
