/** A fuzzer of conversations, for tests and for `npm run lab -- fuzz`. */
export { Corpus, type FuzzEnd, fuzz } from './fuzz.ts'
