/**
 * A vocabulary for settings. A table of options is the one source of flags, YAML keys, `--help`,
 * `--dump_config` and the documentation; its owner declares it beside itself. Here is how tables
 * are written, read and shown, and never what a particular option means. Nothing here reads the
 * command line of the process or ends it: `cli/program.ts` does.
 */
export { parseCommandLine } from './command-line.ts'
export { compatibilityOptions, type Release } from './compatibility.ts'
export { configurationOptions } from './configuration.ts'
export { dumpText, markdownTable, writeWhole } from './dump.ts'
export { ConfigurationError, problemText, UsageError } from './errors.ts'
export { goQuote } from './go-text.ts'
export { nearest } from './nearest.ts'
export {
  allWait,
  choice,
  flag,
  ignored,
  int,
  joined,
  type Option,
  type OptionTable,
  type OptionValues,
  prefixed,
  text,
  waits,
} from './option.ts'
export { crlRows, fallingBackTo, ocspRows } from './revocation-rows.ts'
export { changed, type GivenValues, type Settled, settle } from './settle.ts'
export { readTextFile } from './sources/text-file.ts'
export { readConfigFile } from './sources/yaml.ts'
export { generalTlsRows, ownTlsRows, serverNameRow } from './tls-rows.ts'
export { configPath, fullUsage, namesIn, usageText } from './usage.ts'
export { COMPATIBLE_RELEASES } from './version.ts'
