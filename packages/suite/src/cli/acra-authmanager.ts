import { AcraError } from '../foundation/index.ts'
import {
  detectVersion,
  type Keystore,
  keysFolderOptions,
  masterKeyOptions,
  openKeystore,
  openMasterKey,
} from '../keystore/index.ts'
import { events, toolAuditOptions } from '../observe/index.ts'
import { flag, text } from '../options/index.ts'
import {
  hashPassword,
  openAuthFile,
  readUserList,
  sealAuthFile,
  type UserList,
  userListText,
} from '../services/web-users/index.ts'
import type { Program } from './program.ts'
import { Refusal } from './refusal.ts'
import { readPassword } from './secret-input.ts'
import { draftFile, readUserFileIfThere } from './whole-file.ts'

/** Users have a line each: nobody has so many. */
const FILE_SIZE_MAX = 16 * 1024 * 1024

const options = {
  set: flag(false, 'Add a user, or give one another password'),
  remove: flag(false, 'Remove a user'),
  user: text('', 'Name of the user'),
  password: text(
    '',
    'The password; other users of this machine can read it on the command line: use password_file',
    { secret: true },
  ),
  password_file: text('', 'File that holds the password; - reads it from the terminal or stdin'),
  file: text('configs/auth.keys', 'File of the users, sealed with the authentication key'),
  ...keysFolderOptions,
  ...masterKeyOptions,
  ...toolAuditOptions,
} as const

/** Manages the users of the web console. spec: acra-webconfig §4 */
export const program: Program<typeof options> = {
  name: 'acra-authmanager',
  kind: 'tool',
  description:
    'Adds and removes users of acra-webconfig, and changes their passwords. They stand in a file that is sealed with the authentication key of the keystore; acra-server reads it.',
  examples: [
    'acra-authmanager --set --user=alice --password_file=-',
    'acra-authmanager --remove --user=alice',
  ],
  options,
  async run({ options, environment, log }) {
    const { set, remove, user, file, keys_dir: folder } = options
    const problem = problemIn(options)
    if (problem !== null) {
      log.event(events.wrongParameter, {}, problem)
      return 1
    }
    const warn = (sentence: string) => log.warning(sentence)
    const version = (await detectVersion(folder)) ?? 'v1'
    const wrapper = await openMasterKey({ options, environment, version, warn, createsKeys: true })
    try {
      const keystore = await openKeystore({ folder, wrapper, warn })
      if (set) {
        const hash = await hashPassword(await passwordOf(options))
        await keystore.generateMissing({ purpose: 'authentication', owner: null })
        await change(file, keystore, 'SetPassword', (users) => new Map([...users, [user, hash]]))
        log.audit(events.webUserSet, { user })
      }
      if (remove) {
        await change(file, keystore, 'RemoveUser', (users) => without(users, user))
        log.audit(events.webUserRemoved, { user })
      }
      return 0
    } finally {
      wrapper.wipe()
    }
  },
}

type Options = Parameters<typeof program.run>[0]['options']

function problemIn({ set, remove, user, password, password_file }: Options): string | null {
  if (set && remove) return 'Too many options, use one of --set or --remove'
  if (!set && !remove) return 'Nothing to do: use --set or --remove (see --help)'
  if (user.trim() === '') return 'Empty user name/login'
  if (/[:\r\n]/.test(user) || user.trim() !== user)
    return 'A user name has no colon, no line feed, and no space at its ends'
  if (!set) return null
  if (password !== '' && password_file !== '') return 'Use one of --password or --password_file'
  return password === '' && password_file === '' ? 'Empty password' : null
}

async function passwordOf({ password, password_file: file }: Options): Promise<string> {
  const given = file === '' ? password : await readPassword(file)
  if (given === '') throw new Refusal('Empty password')
  return given
}

/** Writes the file anew with other users. */
async function change(
  file: string,
  keystore: Keystore,
  what: string,
  act: (users: UserList) => UserList,
): Promise<void> {
  try {
    const sealed = await readUserFileIfThere(file, FILE_SIZE_MAX)
    const text = sealed === null ? '' : await openAuthFile(sealed, keystore)
    // A line that is none must not be lost by being left out.
    const users = readUserList(text, (wrong) => {
      throw new Refusal(`${file}: ${wrong}`)
    })
    const draft = await draftFile(file, await sealAuthFile(userListText(act(users)), keystore))
    await draft.commit(true)
  } catch (error) {
    if (!(error instanceof AcraError)) throw error
    throw new Refusal(`${what} failed`, events.errorGeneral, { cause: error })
  }
}

function without(users: UserList, user: string): UserList {
  if (!users.has(user)) throw new Refusal('user not found in file')
  return new Map([...users].filter(([name]) => name !== user))
}
