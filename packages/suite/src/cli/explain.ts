import { readSync } from 'node:fs'
import { ConfigurationError, readTextFile, UsageError } from '../options/index.ts'
import { type Explainer, loadExplainer, type SchemaQueries } from '../services/explain/index.ts'
import {
  ENCRYPTOR_CONFIG_SIZE_MAX,
  planningLimits,
  type ServerOptions,
  withSchemaQueries,
} from '../services/server/index.ts'
import type { ProgramContext } from './program.ts'
import { Refusal } from './refusal.ts'
import { readUserFile } from './whole-file.ts'

type Context = Pick<ProgramContext<never>, 'environment' | 'log' | 'operands' | 'print'> & {
  readonly options: ServerOptions
}

/** Does what `--explain_sql` or `--print_ddl` asks for. False where neither does: then the server is to start. */
export async function explains(context: Context): Promise<boolean> {
  const { options, operands, print } = context
  const { explain_sql: explain, print_ddl: definitions } = options
  if (!explain && operands.length > 0)
    throw new UsageError(
      `unexpected argument: ${operands[0]}`,
      'options begin with a dash; a boolean takes its value after "=", as in --d=false',
    )
  if (!explain && !definitions) return false
  if (explain && definitions) throw wrong('explain_sql and print_ddl cannot be asked for together')
  if (definitions) {
    const explainer = await explainerOf(context)
    const unique = options.print_ddl_unique.split(',').map((name) => name.trim())
    print(`${explainer.definitions(unique.filter((name) => name !== ''))}\n`)
    return true
  }
  const sql = await statement(operands, options)
  const explainer = await explainerOf(context)
  const text = options.json
    ? JSON.stringify(explainer.explain(sql), null, 2)
    : explainer.describe(sql)
  print(`${text}\n`)
  return true
}

/** By the encryptor config, and by the schema of the database where a server with these options would learn it. */
async function explainerOf({ options, environment, log }: Context): Promise<Explainer> {
  const text = configText(options)
  const { encryptor_config_file: file, on_unprotected: onUnprotected } = options
  const load = (queries?: SchemaQueries) =>
    loadExplainer(text, {
      file,
      onUnprotected,
      limits: planningLimits(options),
      ...(queries === undefined ? {} : { database: queries }),
    })
  if (!options.schema_introspection) return load()
  const explainer = await withSchemaQueries(options, environment, log, load)
  for (const warning of explainer.warnings) log.warning(warning)
  return explainer
}

function configText({ encryptor_config_file: path }: ServerOptions): string {
  if (path !== '') return readTextFile(path, ENCRYPTOR_CONFIG_SIZE_MAX)
  throw wrong(
    'encryptor_config_file is empty: name the encryptor config with --encryptor_config_file',
  )
}

/** The operand, the file that an option names, or what comes on standard input. */
async function statement(operands: readonly string[], options: ServerOptions): Promise<string> {
  const { explain_file: path, statement_size_max: sizeMax } = options
  const [operand, ...others] = operands
  if (others.length > 0)
    throw new UsageError(`unexpected argument: ${others[0]}`, 'put quotes around the statement')
  if (operand !== undefined && path !== '')
    throw wrong('explain_file and a statement behind the options cannot be given together')
  if (operand !== undefined) return operand
  const bytes = path === '' ? standardInput(sizeMax) : await readUserFile(path, sizeMax)
  return bytes.toString('utf8')
}

function standardInput(sizeMax: number): Buffer {
  const bytes = Buffer.alloc(sizeMax + 1)
  let end = 0
  for (let read = -1; read !== 0 && end < bytes.length; end += read)
    read = readSync(0, bytes, end, bytes.length - end, null)
  if (end > sizeMax) throw new Refusal(`The statement has more than ${sizeMax} bytes`)
  return bytes.subarray(0, end)
}

function wrong(text: string): ConfigurationError {
  return new ConfigurationError([{ origin: null, text }])
}
