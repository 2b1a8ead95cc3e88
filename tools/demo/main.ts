/**
 * `npm run demo`: an ordinary PostgreSQL client reads and writes plain values while the database holds ciphertext. Stays up
 * until Ctrl-C; with `--once` it ends by itself. Leaves nothing behind.
 */
import { parseArgs, styleText } from 'node:util'
import { buildStage, clientIds, columns, type Progress, type Row, type Stage } from './stage.ts'
import { printTable } from './table.ts'

const usage = 'usage: npm run demo [-- --once]'

const colours = Boolean(process.stdout.isTTY) && !process.env.NO_COLOR
const bold = (text: string) => (colours ? styleText('bold', text) : text)
const dim = (text: string) => (colours ? styleText('dim', text) : text)
const say = (text = '') => process.stdout.write(`${text}\n`)

process.exitCode = await main(process.argv.slice(2))

async function main(args: string[]): Promise<number> {
  const options = readOptions(args)
  if (options === null) return 2

  const interrupted = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => interrupted.abort())
  }
  // Nobody reads any more.
  process.stdout.on('error', () => interrupted.abort())
  let stage: Stage
  try {
    stage = await buildStage(progress(interrupted.signal))
  } catch (error) {
    if (interrupted.signal.aborted) say('\nEverything is removed.')
    else process.stderr.write(`${(error as Error).message}\n`)
    return interrupted.signal.aborted ? 0 : 1
  }
  try {
    await show(stage)
    if (!options.once) {
      say('\nCtrl-C ends the demo and removes everything.')
      await aborted(interrupted.signal)
    }
  } finally {
    await stage.close()
  }
  say('\nEverything is removed.')
  return 0
}

function readOptions(args: string[]): { readonly once: boolean } | null {
  try {
    const { values } = parseArgs({ args, options: { once: { type: 'boolean', default: false } } })
    return { once: values.once }
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n${usage}\n`)
    return null
  }
}

/** Says each step and how long it took; begins none after an interruption. */
function progress(signal: AbortSignal): Progress {
  return async (title, step) => {
    signal.throwIfAborted()
    const started = performance.now()
    process.stdout.write(`  ${title} ... `)
    try {
      const result = await step()
      say(dim(`${((performance.now() - started) / 1000).toFixed(1)} s`))
      return result
    } catch (error) {
      say('failed')
      throw error
    }
  }
}

async function show(stage: Stage): Promise<void> {
  await stage.write()
  const seen = await stage.read(stage.application)
  const elapsed = ((Date.now() - performance.timeOrigin) / 1000).toFixed(1)
  say(`  ${seen.length} rows written and read through acra-server, ${elapsed} s after the command`)
  const stored = await stage.read(stage.database)
  const foreign = await stage.read(stage.stranger)

  say()
  say(bold('The application works with plain values; the database holds ciphertext'))
  say(table(['the application sees', seen], ['the database stores', stored]))
  say()
  say(bold(`Another client id ("${clientIds.stranger}") has other keys and sees what is stored`))
  say(table([`"${clientIds.stranger}" sees`, foreign]))
  say()
  say(bold('Try it'))
  say(`  as the application    ${psql(stage, stage.application)} -c 'SELECT * FROM patients'`)
  say(`  as another client id  ${psql(stage, stage.stranger)} -c 'SELECT * FROM patients'`)
  say(`  at the database       ${psql(stage, stage.database)} -c 'SELECT * FROM patients'`)
  say(
    `  one more row          ${psql(stage, stage.application)} -c "INSERT INTO patients VALUES (4, 'Oslo', 'gout', 'NO 4711')"`,
  )
  say()
  say(bold('What was run'))
  for (const command of [
    ...stage.keys.commands,
    stage.application.command,
    stage.stranger.command,
  ]) {
    say(dim(`  ${command}`))
  }
}

/** A line for each cell; cells of many bytes say how many. */
function table(...views: [title: string, rows: Row[]][]): string {
  const first = views[0]?.[1] ?? []
  const lines = first.flatMap((row, index) =>
    columns.map(({ name, envelope }) => [
      row.id ?? '',
      name,
      envelope ?? 'plain',
      ...views.map(([, rows]) => cell(rows[index]?.[name] ?? '')),
    ]),
  )
  const header = ['id', 'column', 'stored as', ...views.map(([title]) => title)]
  return printTable(header, lines, process.stdout.columns ?? 100)
}

/** The beginning of a long value in hex, and its size. */
function cell(value: string): string {
  const shown = 26
  if (!value.startsWith('\\x') || value.length <= shown) return value
  return `${value.slice(0, shown)}… (${value.length / 2 - 1} bytes)`
}

function psql(
  stage: Stage,
  { host, port }: { readonly host: string; readonly port: number },
): string {
  const { user, password, database } = stage.database
  return `psql postgresql://${user}:${password}@${host}:${port}/${database}`
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve()
    signal.addEventListener('abort', () => resolve(), { once: true })
    // A pending promise does not keep a process alive.
    const timer = setInterval(() => {}, 60_000)
    signal.addEventListener('abort', () => clearInterval(timer), { once: true })
  })
}
