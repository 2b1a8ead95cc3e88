/** Work that waits for its turn, for all services. Never here: what the work is. */
export { Turns } from './turns.ts'
