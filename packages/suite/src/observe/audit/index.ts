/**
 * The audit log: a chain that whoever has the key can verify, and checkpoints that everybody can. Written by one process, verified from
 * files. Keys come by parameter.
 */
export { AuditTrail } from './audit-trail.ts'
export type { Checkpoint } from './checkpoint.ts'
export { CheckpointFile } from './checkpoint-file.ts'
export { Checkpoints } from './checkpoints.ts'
export { type AuditFormat, END_MESSAGE } from './lines.ts'
export { linesBehind } from './log-end.ts'
export { NoteSigner, NoteVerifier } from './signed-note.ts'
