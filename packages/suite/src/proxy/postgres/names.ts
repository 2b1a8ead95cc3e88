import type { DatabaseNames } from '../../transform/index.ts'

/** How PostgreSQL reads names (manual, "Identifiers and Key Words" and "The Schema Search Path"). */
export const postgresNames: DatabaseNames = { nameBytesMax: 63, defaultSchema: 'public' }
