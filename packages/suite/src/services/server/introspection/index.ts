/**
 * What a database says of its own relations, and what becomes of the encryptor config with it. Asked by a service account, never through an
 * application's connection. Never here: the connection itself, and when it is asked.
 */
export { CHANGED } from './catalog-queries.ts'
export { type LearnedConfig, learnConfig, SchemaLearner } from './learn.ts'
export type { SchemaQueries } from './schema-reader.ts'
