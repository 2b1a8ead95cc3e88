import type { Event } from './event.ts'

/** The events of poison records. */
export const poisonEvents = {
  poisonDetection: {
    code: 101,
    level: 'info',
    message: 'Turned on poison record detection',
    meaning:
      'Poison records are looked for; also told when their keys are made, and, as a warning, when the service ends because of one.',
    remedy: 'Nothing.',
  },
  cannotReactToPoison: {
    code: 583,
    level: 'error',
    message: "Can't start the program for poison records",
    meaning:
      'A poison record was found and the program of `poison_run_script_file` cannot be started; the connection was closed.',
    remedy: 'Check that the file exists and may be executed by the user of the service.',
  },
  poisonRecordFound: {
    code: 587,
    level: 'warning',
    message: 'Recognized poison record',
    meaning:
      'An answer of the database holds a poison record: somebody reads data that no application ever asks for. The line names the client id and the session.',
    remedy: 'Treat it as an intrusion: find out who asked for what, and lock them out.',
  },
  cannotCheckPoison: {
    code: 589,
    level: 'warning',
    message: "Can't check for poison records",
    meaning: 'Poison records are to be looked for and there are no keys to tell them by.',
    remedy:
      'Make the keys: `acra-keymaker --generate_poisonrecord_keys`, or let them be made at start (`poison_keys_on_start_enable`).',
  },
} as const satisfies Readonly<Record<string, Event>>
