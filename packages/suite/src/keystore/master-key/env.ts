import { KeystoreError } from '../errors.ts'
import { decodeBase64, wrapperOfContent } from './content.ts'
import { eitherWrapper } from './either.ts'
import type { KeyWrapper, StoreVersion } from './key-wrapper.ts'
import type { Environment, MasterKeySource } from './source.ts'

/** The variable that holds the master key. */
export const MASTER_KEY_VARIABLE = 'ACRA_MASTER_KEY'
/** The variable of the master key that is being replaced: what it has wrapped opens too. Ours. */
const PREVIOUS_VARIABLE = 'ACRA_MASTER_KEY_PREVIOUS'

/**
 * The master key from `ACRA_MASTER_KEY`: the base64 of its file; with the one that it replaces in `ACRA_MASTER_KEY_PREVIOUS`, where that is set. spec: keystore §2.6, §3.5, cli-tools §2.5
 *
 * @throws KeystoreError `master-key-missing` or `master-key-malformed`
 */
export function masterKeyFromEnvironment(
  environment: Environment,
  version: StoreVersion = 'v1',
): KeyWrapper {
  const current = wrapperOfContent(contentOfVariable(environment), version, MASTER_KEY_VARIABLE)
  const text = environment[PREVIOUS_VARIABLE]
  if (!text?.trim()) return current
  const content = decodeBase64(text)
  if (content === null) throw undecodable(PREVIOUS_VARIABLE)
  return eitherWrapper(current, wrapperOfContent(content, version, PREVIOUS_VARIABLE))
}

/** The master key stands in the environment. */
export const environmentSource: MasterKeySource = {
  open: async ({ environment, version }) => masterKeyFromEnvironment(environment, version),
}

/** What `ACRA_MASTER_KEY` decodes to, for the caller to overwrite. */
export function contentOfVariable(environment: Environment): Buffer {
  const text = environment[MASTER_KEY_VARIABLE]
  if (!text?.trim()) throw missing()
  const content = decodeBase64(text)
  if (content === null) throw undecodable(MASTER_KEY_VARIABLE)
  return content
}

function missing(): KeystoreError {
  return new KeystoreError(
    'master-key-missing',
    `master key is empty: ${MASTER_KEY_VARIABLE} environment variable is not set; make a key with acra-keymaker --generate_master_key=FILE and set the variable to the base64 of the file`,
  )
}

function undecodable(variable: string): KeystoreError {
  return new KeystoreError(
    'master-key-malformed',
    `failed to decode ${variable}: it must be the base64 of a master key`,
  )
}
