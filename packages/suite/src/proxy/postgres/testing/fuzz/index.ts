/** A fuzzer of conversations, for tests and for `npm run fuzz`. */
export { Corpus, type FuzzEnd, fuzz } from './fuzz.ts'
