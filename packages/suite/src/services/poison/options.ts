import { flag, type OptionValues, text } from '../../options/index.ts'

/** What is done about poison records. */
export const poisonOptions = {
  poison_detect_enable: flag(false, 'Look for poison records in all columns of all answers', {
    in090: true,
  }),
  poison_shutdown_enable: flag(false, 'End the server at once when a poison record is found'),
  poison_run_script_file: text('', 'Program to start when a poison record is found'),
  poison_keys_on_start_enable: flag(
    true,
    'Make the keys of poison records at start where they are looked for and there are none',
  ),
} as const

export type PoisonOptions = OptionValues<typeof poisonOptions>
