/** What may happen very often, told once in a while. */
export { Throttle } from './throttle.ts'
