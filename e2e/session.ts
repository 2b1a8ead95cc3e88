/** Says the steps of a record in one session. */
import { message, type Value } from './frontend.ts'
import {
  type BackendMessage,
  cellsOf,
  errorOf,
  type RawClient,
  type ServerError,
} from './raw-client.ts'
import { bindValue, oidOf, type Protocol, type Step } from './shapes.ts'

/** What became of a step that was waited for: its error, with the message as it came, or null. */
export interface StepResult {
  readonly step: Step
  readonly error: (ServerError & { readonly raw: Buffer }) | null
  /** Its rows, cell by cell, and its data of COPY. */
  readonly rows: readonly string[]
  /** The tags of its commands. */
  readonly tags: readonly string[]
}

/** Runs all steps, also after one has failed, as a session does that goes on. */
export async function runSteps(
  client: RawClient,
  steps: readonly Step[],
  protocol: Protocol,
): Promise<StepResult[]> {
  const results: StepResult[] = []
  let unsynced = false
  const early: BackendMessage[] = []
  for (const step of steps) {
    const by = step.params?.length
      ? (step.protocol ?? noSimple(protocol))
      : (step.protocol ?? protocol)
    const isQuery = by === 'simple' && step.sql !== undefined && step.prepare === undefined
    if (isQuery) {
      client.send(message.query(step.sql ?? ''))
    } else {
      client.send(...extendedMessages(step, by === 'prepared-binary'))
      if (step.max_rows !== undefined) early.push(...(await fetchInParts(client, step.max_rows)))
      unsynced = step.pipeline === true
      if (unsynced) continue
      client.send(message.sync())
    }
    results.push(await finish(client, step, early.splice(0)))
  }
  if (unsynced) {
    client.send(message.sync())
    const step = steps.at(-1) ?? {}
    results.push(await finish(client, step, early.splice(0)))
  }
  return results
}

/** Leaves a transaction that is still open, and says whether the session still answers as it should. */
export async function isInStep(client: RawClient): Promise<boolean> {
  const ended = await client.query('ROLLBACK')
  if (ended.at(-1)?.type !== 'Z') return false
  const answer = await client.query('SELECT 1')
  const types = answer
    .map(({ type }) => type)
    .filter((type) => !'NSA'.includes(type))
    .join('')
  const row = answer.find(({ type }) => type === 'D')
  return types === 'TDCZ' && row !== undefined && cellsOf(row)[0]?.toString() === '1'
}

function noSimple(protocol: Protocol): Protocol {
  return protocol === 'simple' ? 'extended' : protocol
}

/** The messages of a step by the extended protocol, without the Sync. */
export function extendedMessages(step: Step, isBinary: boolean): Buffer[] {
  const parameters = step.params ?? []
  const oids = step.oids ?? parameters.map(oidOf)
  if (step.close !== undefined) return [message.close('S', step.close)]
  if (step.prepare !== undefined) {
    return [
      message.parse(step.sql ?? '', { name: step.prepare, oids }),
      message.describe('S', step.prepare),
    ]
  }
  const values: Value[] = parameters.map(bindValue)
  const results = isBinary ? 1 : 0
  const execute = [
    message.describe('P'),
    message.execute(step.max_rows === undefined ? {} : { maxRows: step.max_rows }),
  ]
  if (step.execute !== undefined) {
    return [message.bind(values, { statement: step.execute, results }), ...execute]
  }
  return [
    message.parse(step.sql ?? '', { oids }),
    ...(isBinary ? [message.describe('S')] : []),
    message.bind(values, { results }),
    ...execute,
  ]
}

/** Asks for the rows of the unnamed portal again and again, until they end or fail; the Sync is left to the caller. */
async function fetchInParts(client: RawClient, maxRows: number): Promise<BackendMessage[]> {
  const all: BackendMessage[] = []
  for (;;) {
    client.send(message.flush())
    const parts = await client.untilAny('CsEI')
    all.push(...parts)
    if (parts.at(-1)?.type !== 's') return all
    client.send(message.execute({ maxRows }))
  }
}

/** Reads to ReadyForQuery and feeds a COPY. `early` are messages of the step that have been read already. */
async function finish(
  client: RawClient,
  step: Step,
  early: readonly BackendMessage[],
): Promise<StepResult> {
  let error: StepResult['error'] = null
  const rows: string[] = []
  const tags: string[] = []
  const pending = [...early]
  for (;;) {
    const answer = pending.shift() ?? (await client.next())
    if (answer === null) throw new Error('the connection was closed')
    if (answer.type === 'E') error = { ...errorOf(answer), raw: Buffer.from(answer.body) }
    if (answer.type === 'G') client.send(...copyMessages(step))
    if (answer.type === 'D') {
      rows.push(JSON.stringify(cellsOf(answer).map((cell) => cell?.toString('latin1') ?? null)))
    }
    if (answer.type === 'd') rows.push(answer.body.toString('latin1'))
    if (answer.type === 'C') tags.push(answer.body.toString('latin1', 0, answer.body.length - 1))
    if (answer.type === 'Z') return { step, error, rows, tags }
  }
}

/** What a client sends once it is asked for the data of a COPY. */
export function copyMessages(step: Step): Buffer[] {
  const data = step.copy_in === undefined ? [] : [message.copyData(Buffer.from(step.copy_in))]
  const isUnexpected = step.copy_in === undefined && step.copy_fail === undefined
  if (isUnexpected) return [message.copyFail('no data')]
  return [
    ...data,
    step.copy_fail === undefined ? message.copyDone() : message.copyFail(step.copy_fail),
  ]
}

/** The letters of messages, in order, without those that come whenever they like. */
