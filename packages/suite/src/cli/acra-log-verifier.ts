import { check } from './acra-log-verifier/check.ts'
import { prove } from './acra-log-verifier/prove.ts'
import { verify } from './acra-log-verifier/verify.ts'
import type { ProgramOfCommands } from './program.ts'

/** acra-log-verifier: whether an audit log is whole. spec: cli-tools §11 */
export const program: ProgramOfCommands = {
  name: verify.name,
  description: verify.description,
  examples: verify.examples,
  withoutCommand: verify,
  commands: [prove, check],
}
