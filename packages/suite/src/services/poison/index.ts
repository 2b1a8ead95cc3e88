/** Poison records: their keys, and what a service does where one is found. */
export { poisonOptions } from './options.ts'
export { openPoisonKeys, PoisonReaction, type Reactions } from './poison.ts'
