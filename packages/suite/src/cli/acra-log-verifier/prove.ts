import { proveHistory, proveLine } from '../../observe/audit/verify/index.ts'
import { int, text } from '../../options/index.ts'
import type { Program } from '../program.ts'
import { Refusal } from '../refusal.ts'
import {
  checkpointIn,
  formatOf,
  historyOf,
  logFileOptions,
  logFiles,
  logKeyOptions,
  verifiersFor,
} from './log-options.ts'

const options = {
  ...logFileOptions,
  line: int(0, 'Prove this line, counted from 1 over all files', { min: 0 }),
  older: text('', 'File with one older checkpoint: prove that the log has grown out of it'),
  ...logKeyOptions,
} as const

/** Ours. */
export const prove: Program<typeof options> = {
  name: 'acra-log-verifier prove',
  kind: 'tool',
  description:
    'Prints a proof, as one JSON object: that a line stands in an audit log, or that the log of the last checkpoint has grown out of that of an older one. Whoever has the public key can check it, without the log. The files must begin with the first line of the history.',
  examples: [
    'acra-log-verifier prove --audit_log_file=acra.log --audit_log_checkpoint_file=acra.checkpoints --public_key=audit.pub --line=12 > line.proof',
    'acra-log-verifier prove --audit_log_file=acra.log --audit_log_checkpoint_file=acra.checkpoints --public_key=audit.pub --older=kept.checkpoint > history.proof',
  ],
  options,
  async run(context) {
    const { options, print } = context
    const { line, older } = options
    if ((line === 0) === (older === '')) throw new Refusal('Ask for one of --line and --older')
    const log = { files: await logFiles(options), format: formatOf(options) }
    const verifiers = await verifiersFor(options, context)
    const history = await historyOf(options, verifiers)
    const proof =
      older === ''
        ? await proveLine(log, line, history)
        : await proveHistory(log, await checkpointIn(older, verifiers), history)
    print(`${JSON.stringify(proof)}\n`)
    return 0
  },
}
