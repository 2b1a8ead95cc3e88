/** Authorities that revoke certificates, and where they are asked, for the tests of whatever speaks TLS. Never part of a program. */
export { Registry } from './registry.ts'
export { type Sources, startSources } from './sources.ts'
