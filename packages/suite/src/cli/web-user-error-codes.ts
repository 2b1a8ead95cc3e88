import { events } from '../observe/index.ts'
import type { ErrorEntry } from './error-entry.ts'

/** The errors of the file with the users of the web console. */
export const webUserErrorCodes: Readonly<Record<string, ErrorEntry>> = {
  'auth-key-missing': {
    meaning: 'The keystore has no key for the users of the web console.',
    remedy: 'Run `acra-keymaker --generate_acrawebconfig_keys`.',
    event: events.cannotLoadAuthKey,
  },
  'auth-file-not-opened': {
    meaning: 'The file of the users does not open with any version of the authentication key.',
    remedy:
      'Check `keys_dir`, and that the file belongs to this keystore; make it anew with `acra-authmanager`.',
    event: events.cannotDecryptAuthData,
  },
}
