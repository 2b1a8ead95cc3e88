import { resolve } from 'node:path'
import { type Finding, placeText, verifyLog } from '../../observe/audit/verify/index.ts'
import { events, type Logger } from '../../observe/index.ts'
import { flag, text } from '../../options/index.ts'
import type { Program, ProgramContext } from '../program.ts'
import { Refusal } from '../refusal.ts'
import {
  checkpointIn,
  formatOf,
  historyOf,
  keysOf,
  logFileOptions,
  logFiles,
  logKeyOptions,
  verifiersFor,
} from './log-options.ts'

const options = {
  ...logFileOptions,
  audit_log_missing_ok: flag(
    false,
    'Missing files are no error, nor are lines of checkpoints before the first file',
  ),
  known_checkpoint: text(
    '',
    'File with one checkpoint that was kept elsewhere: the log must have grown out of it',
  ),
  strict: flag(
    false,
    'Lines without integrity inside a chain are an error, and so is a log whose last chain has no end',
  ),
  json: flag(false, 'Print the verdict and what was found as JSON'),
  ...logKeyOptions,
} as const

type Context = ProgramContext<typeof options>

/** spec: cli-tools §11, audit-log §2 */
export const verify: Program<typeof options> = {
  name: 'acra-log-verifier',
  kind: 'tool',
  description:
    'Says whether an audit log is whole: by the audit log key of the keystore, every line; and by a public key, every line up to a checkpoint. It tells lines that were changed, removed, added or moved. The exit code is 0 where nothing is wrong, and 1 otherwise. "acra-log-verifier prove" proves one line to somebody who has the public key, who checks it by "acra-log-verifier check".',
  examples: [
    'acra-log-verifier --audit_log_file=acra.log --audit_log_rotated',
    'acra-log-verifier --audit_log_file=acra.log --public_key=audit.pub --audit_log_checkpoint_file=acra.checkpoints',
    'acra-log-verifier prove --help',
  ],
  options,
  async run(context) {
    const { options, log, print } = context
    const files = await logFiles(options)
    const format = formatOf(options)
    if (options.d) for (const file of files) log.info(`Verifying ${resolve(file)}`)
    const findings: Finding[] = []
    let isWhole = true
    const report = (finding: Finding) => {
      if (finding.severity === 'error') isWhole = false
      if (options.json) findings.push(finding)
      else tell(finding, log)
    }
    const { keys, checkpoints, known } = await means(context, report)
    const verdict = await verifyLog({
      files,
      format,
      keys,
      checkpoints,
      known,
      isMissingOk: options.audit_log_missing_ok,
      isStrict: options.strict,
      report,
    }).finally(() => {
      for (const key of keys ?? []) key.fill(0)
    })
    if (options.json) print(`${JSON.stringify({ files, ...verdict, isWhole, findings })}\n`)
    const { lines, signed, chains, covered } = verdict
    const counts = { lines, signed, chains, covered_by_checkpoints: covered }
    if (isWhole) log.info('Integrity check successful', counts)
    else log.event(events.auditLogCorrupted, counts, 'Logs verification error')
    return isWhole ? 0 : 1
  },
}

/** What the log is verified by. */
async function means(context: Context, report: (finding: Finding) => void) {
  const { options } = context
  const { public_key, audit_log_checkpoint_file, known_checkpoint } = options
  const hasCheckpoints = audit_log_checkpoint_file !== ''
  if (!hasCheckpoints && (public_key !== '' || known_checkpoint !== ''))
    throw new Refusal('--public_key and --known_checkpoint need --audit_log_checkpoint_file')
  const keys = public_key === '' ? await keysOf(context, 'audit-log') : null
  if (keys?.length === 0)
    throw new Refusal('There is no audit log key in the keystore', events.cannotReadKeys)
  if (!hasCheckpoints) return { keys, checkpoints: null, known: [] }
  const verifiers = await verifiersFor(options, context)
  const checkpoints = await historyOf(options, verifiers, report)
  const known = known_checkpoint === '' ? [] : [await checkpointIn(known_checkpoint, verifiers)]
  return { keys, checkpoints, known: known.map(({ checkpoint }) => checkpoint) }
}

/** In the words of the original where it has some. */
function tell({ severity, kind, place, message }: Finding, log: Logger): void {
  const fields = place === null ? {} : { file: place.file, line: place.line }
  if (severity === 'warning') {
    log.warning(message, fields)
    return
  }
  const where = place === null ? '' : `. File: ${place.file} , Line:  ${place.line}`
  const error = place === null ? message : `${placeText(place)} ${message}`
  log.event(
    events.auditLogCorrupted,
    { kind, error },
    `${events.auditLogCorrupted.message}${where}`,
  )
}
