import { existsSync } from 'node:fs'
import { addZone, type Keystore, publicZone } from '../../../keystore/index.ts'
import { events, type Logger } from '../../../observe/index.ts'
import { type ConsoleSettings, readUsers, tellUsersFailed } from './console.ts'

const JSON_TYPE = 'application/json'
const TEXT = 'text/plain; charset=utf-8'

export interface ApiAnswer {
  readonly status: number
  readonly type: string
  readonly body: string
  /** The methods that there are, where it was another. */
  readonly allow?: string
}

/** What a command works with. */
export interface CommandContext {
  readonly log: Logger
  readonly keystore: Keystore
  readonly hasZones: boolean
  readonly resetKeys: () => Promise<boolean>
  /** Whether the transport has shown who asks. */
  readonly isShown: boolean
  readonly console: ConsoleSettings
}

interface Command {
  readonly isThere: (context: CommandContext) => boolean
  /** Rejects where it fails. */
  readonly run: (context: CommandContext) => Promise<ApiAnswer>
  readonly failed: (error: unknown, log: Logger) => void
}

const commands: Readonly<Record<string, Command>> = {
  '/getNewZone': {
    isThere: ({ hasZones }) => hasZones,
    async run({ keystore, log }) {
      const id = await addZone(keystore)
      const zone = await publicZone(keystore, id)
      log.event(events.zoneMade, { zone_id: id })
      return { status: 200, type: 'application/json', body: JSON.stringify(zone) }
    },
    failed: (error, log) => log.event(events.cannotMakeZone, { error }),
  },
  '/loadAuthData': {
    isThere: isForConsole,
    async run({ keystore, log, console }) {
      const users = await readUsers(console.authFile, keystore)
      log.event(events.usersGiven)
      return text(200, users)
    },
    failed: tellUsersFailed,
  },
  '/getConfig': {
    isThere: isForConsole,
    run: async ({ console }) => ({
      status: 200,
      type: JSON_TYPE,
      body: JSON.stringify(console.config),
    }),
    failed: (error, log) => log.event(events.errorGeneral, { error }),
  },
  '/resetKeyStorage': {
    isThere: () => true,
    async run({ resetKeys, log }) {
      if (!(await resetKeys())) throw new Error('a worker has not answered')
      log.event(events.keysReset)
      return text(200, '')
    },
    failed: (error, log) => log.event(events.cannotResetKeys, { error }),
  },
}

/** Does what a request asks for. Never rejects. spec: acra-server §7 */
export async function answerTo(
  method: string,
  path: string,
  context: CommandContext,
): Promise<ApiAnswer> {
  const command = Object.hasOwn(commands, path) ? commands[path] : undefined
  if (command === undefined || !command.isThere(context)) return text(404, 'incorrect request')
  if (method !== 'GET' && method !== 'POST')
    return { ...text(405, 'only GET and POST'), allow: 'GET, POST' }
  try {
    return await command.run(context)
  } catch (error) {
    command.failed(error, context.log)
    return text(500, '')
  }
}

/** Off unless somebody has made the file of users, and the transport shows who asks. spec: acra-webconfig §3 */
function isForConsole({ isShown, console }: CommandContext): boolean {
  return isShown && existsSync(console.authFile)
}

function text(status: number, body: string): ApiAnswer {
  return { status, type: TEXT, body }
}

/** A body is longer than any command has one. */
export const tooLarge: ApiAnswer = text(413, '')
/** The whole answer to what is no request of HTTP, or has too many headers. */
export const badRequest =
  'HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n'
