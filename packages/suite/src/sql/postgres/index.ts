/**
 * SQL of PostgreSQL: shapes, literals, parsing and the analysis of statements. Never here: what is done to a value, and any text that is
 * printed from a tree (texts are edited by spans).
 */
export { analyzeText } from './analyze.ts'
export { computed } from './computation.ts'
export { shapeOf } from './lex.ts'
export { decodeLiteral } from './literal.ts'
export {
  loadParser,
  Parser,
  type ParserLimits,
} from './parse.ts'
export { readSearchPath } from './search-path.ts'
export {
  isRole,
  isSearchPath,
  makesEscapes,
  settingProblem,
} from './settings.ts'
export { hasUnquotedBeyondAscii } from './unquoted-names.ts'
