import { join } from 'node:path'
import { cefFormat } from '../../formats/cef.ts'
import { jsonFormat } from '../../formats/json.ts'
import { plaintext } from '../../formats/plaintext.ts'
import { createLogger, type Logger } from '../../log.ts'
import { FileSink } from '../../sink.ts'
import { AuditTrail } from '../audit-trail.ts'
import { CheckpointFile } from '../checkpoint-file.ts'
import { Checkpoints } from '../checkpoints.ts'
import type { AuditFormat } from '../lines.ts'
import { auditKey, signer } from './written-log.ts'

/** How a log is kept: as it is, as a chain, or as a chain with checkpoints. */
export type LogKind = 'plain' | 'chain' | 'checkpoints'

/** A log into a file of a folder, as a service has it. */
export function benchLog(folder: string, format: AuditFormat, kind: LogKind): Logger {
  const product = { name: 'acra-server', version: '0.1.0' }
  const formats = { plaintext, json: jsonFormat(product), cef: cefFormat(product) }
  const path = join(folder, `${format}-${kind}.log`)
  const file = new FileSink(path)
  const trail = new AuditTrail()
  const sink = kind === 'plain' ? file : trail.wrap(file, format, true)
  if (kind !== 'plain') trail.begin(auditKey, kind === 'chain' ? null : checkpointsOf(path, file))
  return createLogger({
    level: 'info',
    outputs: [{ format: formats[format], sink }],
    clock: { now: Date.now, zone: () => 0 },
  })
}

function checkpointsOf(path: string, log: FileSink): Checkpoints {
  const { file, last } = CheckpointFile.open(`${path}.checkpoints`, [signer.verifier])
  return new Checkpoints({
    file,
    signer,
    last,
    origin: 'acra-server/bench',
    linesMax: 10_000,
    now: Date.now,
    sync: () => log.sync(),
    onFailure: (error) => {
      throw error
    },
  })
}
