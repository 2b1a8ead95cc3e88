/**
 * The schemas of databases while the server runs: learned by a service account, kept by database, learned anew when they change. Never here:
 * what is asked of a database, and what becomes of the encryptor config with the answers.
 */

export { askDatabase } from './asking.ts'
export type { ChangedNames } from './learned-database.ts'
export { checkSchemaOptions } from './options-check.ts'
export { openSchemas, type Schemas } from './schemas.ts'
