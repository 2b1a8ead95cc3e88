import {
  keysFolderOptions,
  masterKeyOptions,
  type Purpose,
  redisKeysOptions,
  wipeKeys,
} from '../../keystore/index.ts'
import { type AuditFormat, NoteVerifier } from '../../observe/audit/index.ts'
import {
  openCheckpoint,
  readHistory,
  rotatedFiles,
  type SignedCheckpoint,
} from '../../observe/audit/verify/index.ts'
import { loggingOptions } from '../../observe/index.ts'
import { flag, text } from '../../options/index.ts'
import { openServiceKeystore } from '../../services/keystore/index.ts'
import type { ProgramContext } from '../program.ts'
import { Refusal } from '../refusal.ts'
import { readUserFile } from '../whole-file.ts'

/** Far above what a year of checkpoints takes. */
const CHECKPOINTS_SIZE_MAX = 1024 * 1024 * 1024
const LIST_SIZE_MAX = 16 * 1024 * 1024
const KEY_SIZE_MAX = 4096

/** Which log, and its checkpoints. spec: cli-tools §11 */
export const logFileOptions = {
  audit_log_file: text('', 'The log to verify'),
  audit_log_file_list: text(
    '',
    'File with the paths of the parts of a log, one a line, oldest first: verified as one',
  ),
  audit_log_rotated: flag(
    false,
    'With audit_log_file: the files that logrotate has made of it too, oldest first',
  ),
  audit_log_file_format: text('plaintext', 'Format of the log: plaintext, json or CEF'),
  audit_log_checkpoint_file: text('', 'File of the checkpoints of the log'),
  public_key: text(
    '',
    'File with the public half of the key that signs checkpoints; no keystore is needed then',
  ),
} as const

/** The keystore with the keys of the log. */
export const logKeyOptions = {
  ...keysFolderOptions,
  ...masterKeyOptions,
  ...redisKeysOptions,
  logging_format: loggingOptions.logging_format,
  d: flag(false, 'Log the absolute names of the files too'),
} as const

type LogOptions = ProgramContext<typeof logFileOptions>['options']
export type KeyContext = Pick<
  ProgramContext<typeof logKeyOptions>,
  'options' | 'environment' | 'log'
>

/** The files of the log, oldest first. Throws Refusal. */
export async function logFiles(options: LogOptions): Promise<readonly string[]> {
  const { audit_log_file: file, audit_log_file_list: list, audit_log_rotated: rotated } = options
  if ((file === '') === (list === ''))
    throw new Refusal('Name the log by one of --audit_log_file and --audit_log_file_list')
  if (list === '') return rotated ? rotatedFilesOf(file) : [file]
  const lines = (await readUserFile(list, LIST_SIZE_MAX)).toString().split('\n')
  return lines.map((line) => line.trim()).filter((line) => line !== '')
}

function rotatedFilesOf(file: string): string[] {
  try {
    return rotatedFiles(file)
  } catch (error) {
    throw new Refusal(`Can't read the folder of ${file}`, undefined, { cause: error })
  }
}

/** Throws Refusal. */
export function formatOf({ audit_log_file_format: name }: LogOptions): AuditFormat {
  const format = name.toLowerCase()
  if (format === 'plaintext' || format === 'json' || format === 'cef') return format
  throw new Refusal(`Unknown audit_log_file_format: ${name}; it is plaintext, json or CEF`)
}

/** The keys that checkpoints may be signed by: the public one that is named, else those of the keystore. */
export async function verifiersFor(
  { public_key: path }: LogOptions,
  context: KeyContext,
): Promise<readonly NoteVerifier[]> {
  if (path !== '') return [NoteVerifier.parse((await readUserFile(path, KEY_SIZE_MAX)).toString())]
  const seeds = await keysOf(context, 'audit-log-signing')
  if (seeds.length === 0)
    throw new Refusal('There is no audit log signing key in the keystore: name a --public_key')
  try {
    return seeds.map((seed) => NoteVerifier.ofSeed(seed))
  } finally {
    for (const seed of seeds) seed.fill(0)
  }
}

/** All versions of a key, for the caller to overwrite. */
export async function keysOf(
  { options, environment, log }: KeyContext,
  purpose: Purpose,
): Promise<readonly Uint8Array[]> {
  const { keystore, wipe } = await openServiceKeystore({
    options,
    environment,
    warn: (sentence) => log.warning(sentence),
    cacheSize: -1,
    cacheOnStart: false,
  })
  try {
    const keys = await keystore.keys({ purpose, owner: null })
    const copies = keys.map(({ secret }) => Uint8Array.from(secret))
    wipeKeys(keys)
    return copies
  } finally {
    wipe()
  }
}

/** The genuine checkpoints of the file that is named. Throws Refusal where one of them is not, if nobody takes the findings. */
export async function historyOf(
  { audit_log_checkpoint_file: path }: LogOptions,
  verifiers: readonly NoteVerifier[],
  report: Parameters<typeof readHistory>[3] = ({ message }) => {
    throw new Refusal(`${path}: ${message}`)
  },
): Promise<SignedCheckpoint[]> {
  if (path === '') throw new Refusal('--audit_log_checkpoint_file is required')
  const text = (await readUserFile(path, CHECKPOINTS_SIZE_MAX)).toString()
  return readHistory(text, path, verifiers, report)
}

/** The checkpoint in a file of its own. Throws where it is not genuine. */
export async function checkpointIn(
  path: string,
  verifiers: readonly NoteVerifier[],
): Promise<SignedCheckpoint> {
  const note = (await readUserFile(path, KEY_SIZE_MAX)).toString()
  return { checkpoint: openCheckpoint(note, verifiers), note }
}
