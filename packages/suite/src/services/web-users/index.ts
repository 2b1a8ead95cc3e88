/** The users of the web console: their names, and what their passwords are checked by. spec: acra-webconfig §4 */
export { AuthFileError, openAuthFile, sealAuthFile } from './auth-file.ts'
export {
  hashPassword,
  matches,
  type PasswordHash,
  refuseWhoeverItIs,
} from './password-hash.ts'
export { readUserList, type UserList, userListText } from './user-list.ts'
