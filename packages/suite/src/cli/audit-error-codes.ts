import { events } from '../observe/index.ts'
import type { ErrorEntry } from './error-entry.ts'

/** The errors of audit logs. */
export const auditErrorCodes: Readonly<Record<string, ErrorEntry>> = {
  'audit-log-key-missing': {
    meaning:
      '`audit_log_enable` or `audit_log_checkpoint_file` needs a key that is not in the keystore.',
    remedy:
      'Make it with `acra-keymaker --generate_log_key` or `--generate_log_signing_key`, as the message says.',
    event: events.cannotReadKeys,
  },
  'audit-log-shared': {
    meaning: 'Another process keeps its audit log in the same file; a chain has one writer.',
    remedy: 'Give each program a `log_to_file` of its own.',
    event: events.wrongConfiguration,
  },
  'audit-checkpoints-unusable': {
    meaning:
      'The file of checkpoints cannot be opened, or its last checkpoint is not signed by the key of this keystore.',
    remedy:
      'Find out what became of the file. Move it away to begin a new history, if that is what you want.',
    event: events.wrongConfiguration,
  },
  'audit-line-malformed': {
    meaning: 'A line of a log is none of the format that was named.',
    remedy: 'Name the format by `audit_log_file_format`; a line that is cut was not written whole.',
    event: events.auditLogCorrupted,
  },
  'audit-public-key-invalid': {
    meaning: 'The file holds no public key of audit checkpoints.',
    remedy: 'Write it with `acra-keys read --public audit-log-signing`.',
    event: events.wrongParameter,
  },
  'audit-checkpoint-invalid': {
    meaning: 'A checkpoint is signed, but is not in the form of ours or contradicts itself.',
    remedy: 'Check that it is a checkpoint of an audit log.',
    event: events.auditLogCorrupted,
  },
  'audit-checkpoint-not-genuine': {
    meaning: 'A checkpoint is not signed by the key.',
    remedy:
      'Check that it is the public key of that log. If it is, somebody has forged the checkpoint.',
    event: events.auditLogCorrupted,
  },
  'audit-proof-invalid': {
    meaning: 'A proof cannot be given from these files, or shows nothing.',
    remedy: 'Name all files of the history, oldest first; verify the log.',
    event: events.auditLogCorrupted,
  },
}
