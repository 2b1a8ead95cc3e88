import { flag, text } from './option.ts'

/** What every program takes from its command line alone (cli-tools.md §2.1; `version` is ours). */
export const configurationOptions = {
  config_file: text('', 'Path of the YAML configuration file; configs/PROGRAM.yaml when empty', {
    commandLineOnly: true,
  }),
  dump_config: flag(false, 'Write the configuration file with the default values and exit', {
    commandLineOnly: true,
  }),
  generate_markdown_args_table: flag(
    false,
    'With dump_config: also write a table of the options in Markdown',
    { commandLineOnly: true },
  ),
  version: flag(false, 'Print the version and exit', { commandLineOnly: true }),
} as const
