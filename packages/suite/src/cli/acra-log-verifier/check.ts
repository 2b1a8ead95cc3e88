import { z } from 'zod'
import { checkProof, openCheckpoint, type Proof } from '../../observe/audit/verify/index.ts'
import type { Program } from '../program.ts'
import { Refusal } from '../refusal.ts'
import { readUserFile } from '../whole-file.ts'
import { logFileOptions, logKeyOptions, verifiersFor } from './log-options.ts'

const PROOF_SIZE_MAX = 64 * 1024 * 1024
/** A tree has no more levels. */
const HASHES_MAX = 64

const hashes = z.array(z.base64().length(44)).max(HASHES_MAX)
const proofShape: z.ZodType<Proof> = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('inclusion'),
    checkpoint: z.string(),
    index: z.int().nonnegative(),
    line: z.string(),
    hashes,
  }),
  z.strictObject({ kind: z.literal('consistency'), older: z.string(), newer: z.string(), hashes }),
])

const { public_key } = logFileOptions
const options = { public_key, ...logKeyOptions } as const

/** Ours. */
export const check: Program<typeof options> = {
  name: 'acra-log-verifier check',
  kind: 'tool',
  description:
    'Checks a proof of "acra-log-verifier prove" by the public key alone, and prints what it shows: the line, or the two checkpoints. The exit code is 1 where it shows nothing.',
  examples: ['acra-log-verifier check --public_key=audit.pub line.proof'],
  operands: '<proof>',
  options,
  async run(context) {
    const { options, operands, print, log } = context
    const [path, more] = operands
    if (path === undefined || more !== undefined) throw new Refusal('Name one file with a proof')
    const proof = await readProof(path)
    const verifiers = await verifiersFor({ ...options, ...unused }, context)
    checkProof(proof, verifiers)
    if (proof.kind === 'inclusion') {
      const { origin, size, time } = openCheckpoint(proof.checkpoint, verifiers)
      log.info('The line stands in the log', {
        origin,
        index: proof.index,
        size,
        checkpoint_time: new Date(time).toISOString(),
      })
      print(`${proof.line}\n`)
    } else {
      const [older, newer] = [proof.older, proof.newer].map((note) =>
        openCheckpoint(note, verifiers),
      )
      log.info('The two checkpoints are of one history', {
        origin: newer!.origin,
        older_size: older!.size,
        newer_size: newer!.size,
      })
    }
    return 0
  },
}

/** No log is read here. */
const unused = {
  audit_log_file: '',
  audit_log_file_list: '',
  audit_log_rotated: false,
  audit_log_file_format: 'plaintext',
  audit_log_checkpoint_file: '',
} as const

async function readProof(path: string): Promise<Proof> {
  const text = (await readUserFile(path, PROOF_SIZE_MAX)).toString()
  try {
    return proofShape.parse(JSON.parse(text))
  } catch (cause) {
    throw new Refusal(`${path} is no proof of acra-log-verifier`, undefined, {
      cause:
        cause instanceof SyntaxError ? 'it is not JSON' : 'its members are not those of a proof',
    })
  }
}
