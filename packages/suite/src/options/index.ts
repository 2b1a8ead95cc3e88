/**
 * A vocabulary for settings. A table of options is the one source of flags, YAML keys, `--help`, `--dump_config` and the
 * documentation; its owner declares it beside itself. Here is how tables are written, read and shown, and never what a particular
 * option means. Nothing here reads the command line of the process or ends it: `cli/program.ts` does.
 */
export { type CommandLine, parseCommandLine } from './command-line.ts'
export { configurationOptions } from './configuration.ts'
export { dumpText, markdownTable, writeWhole } from './dump.ts'
export { ConfigurationError, type Problem, problemText, UsageError } from './errors.ts'
export { goQuote } from './go-text.ts'
export { nearest } from './nearest.ts'
export {
  type Availability,
  allWait,
  choice,
  flag,
  flagName,
  ignored,
  int,
  joined,
  type Option,
  type OptionTable,
  type OptionType,
  type OptionValue,
  type OptionValues,
  prefixed,
  text,
  uint,
  waits,
} from './option.ts'
export { changed, type Given, type GivenValues, type Settled, settle } from './settle.ts'
export { CONFIG_FILE_SIZE_MAX, parseConfig, readConfigFile } from './sources/yaml.ts'
export { configPath, namesIn, type UsageHead, usageText } from './usage.ts'
export { COMPATIBLE_RELEASES, versionRefusal } from './version.ts'
