import { check } from './acra-keys/check.ts'
import { destroy } from './acra-keys/destroy.ts'
import { exportKeys } from './acra-keys/export.ts'
import { extractClientId } from './acra-keys/extract-client-id.ts'
import { generate } from './acra-keys/generate.ts'
import { importKeys } from './acra-keys/import.ts'
import { list } from './acra-keys/list.ts'
import { migrate } from './acra-keys/migrate.ts'
import { read } from './acra-keys/read.ts'
import { recoverPublic } from './acra-keys/recover-public.ts'
import { rotateMaster } from './acra-keys/rotate-master.ts'
import type { ProgramOfCommands } from './program.ts'

/** acra-keys: everything that is done to keys by hand. spec: cli-tools §6 */
export const program: ProgramOfCommands = {
  name: 'acra-keys',
  description:
    'Looks after the keys of a keystore. Keys are named client/ID/storage, client/ID/symmetric, client/ID/searchable, client/ID/transport/connector (or server, translator), zone/ID/storage, zone/ID/symmetric, poison-record, poison-record-symmetric, audit-log and authentication.',
  examples: [
    'acra-keys list',
    'acra-keys generate --client_id=someid --client_storage_symmetric_key',
    'acra-keys list --help',
  ],
  commands: [
    list,
    exportKeys,
    importKeys,
    migrate,
    read,
    destroy,
    generate,
    check,
    recoverPublic,
    rotateMaster,
    extractClientId,
  ],
}
