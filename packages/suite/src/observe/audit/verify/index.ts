/** Verifying audit logs from their files. Keys come by parameter; nothing is changed. */
export { type Finding, placeText } from './finding.ts'
export { openCheckpoint, readHistory, type SignedCheckpoint } from './history.ts'
export { rotatedFiles } from './log-files.ts'
export { checkProof, type Proof, proveHistory, proveLine } from './proof.ts'
export { type Verdict, verifyLog } from './verify.ts'
