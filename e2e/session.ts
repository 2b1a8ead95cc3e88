/** Says the steps of a record in one session. */
import { message, type Value } from './frontend.ts'
import { cellsOf, errorOf, type RawClient, type ServerError } from './raw-client.ts'
import { bindValue, oidOf, type Protocol, type Step } from './shapes.ts'

/** What became of a step that was waited for: its error, with the message as it came, or null. */
export interface StepResult {
  readonly step: Step
  readonly error: (ServerError & { readonly raw: Buffer }) | null
}

/** Runs all steps, also after one has failed, as a session does that goes on. */
export async function runSteps(
  client: RawClient,
  steps: readonly Step[],
  protocol: Protocol,
): Promise<StepResult[]> {
  const results: StepResult[] = []
  let unsynced = false
  for (const step of steps) {
    const by = step.params?.length
      ? (step.protocol ?? noSimple(protocol))
      : (step.protocol ?? protocol)
    const isQuery = by === 'simple' && step.sql !== undefined && step.prepare === undefined
    if (isQuery) {
      client.send(message.query(step.sql ?? ''))
    } else {
      client.send(...extendedMessages(step, by === 'prepared-binary'))
      if (step.max_rows !== undefined) await fetchInParts(client, step.max_rows)
      unsynced = step.pipeline === true
      if (unsynced) continue
      client.send(message.sync())
    }
    results.push({ step, error: await finish(client, step) })
  }
  if (unsynced) {
    client.send(message.sync())
    const step = steps.at(-1) ?? {}
    results.push({ step, error: await finish(client, step) })
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

function extendedMessages(step: Step, isBinary: boolean): Buffer[] {
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
async function fetchInParts(client: RawClient, maxRows: number): Promise<void> {
  for (;;) {
    client.send(message.flush())
    const parts = await client.untilAny('CsEI')
    if (parts.at(-1)?.type !== 's') return
    client.send(message.execute({ maxRows }))
  }
}

/** Reads to ReadyForQuery and feeds a COPY. */
async function finish(client: RawClient, step: Step): Promise<StepResult['error']> {
  let error: StepResult['error'] = null
  for (;;) {
    const answer = await client.next()
    if (answer === null) throw new Error('the connection was closed')
    if (answer.type === 'E') error = { ...errorOf(answer), raw: Buffer.from(answer.body) }
    if (answer.type === 'G') client.send(...copyMessages(step))
    if (answer.type === 'Z') return error
  }
}

function copyMessages(step: Step): Buffer[] {
  const data = step.copy_in === undefined ? [] : [message.copyData(Buffer.from(step.copy_in))]
  const isUnexpected = step.copy_in === undefined && step.copy_fail === undefined
  if (isUnexpected) return [message.copyFail('no data')]
  return [
    ...data,
    step.copy_fail === undefined ? message.copyDone() : message.copyFail(step.copy_fail),
  ]
}

/** The letters of messages, in order, without those that come whenever they like. */
