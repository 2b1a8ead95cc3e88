/**
 * What package.json's scripts call. Plain JavaScript without a dependency, so that each command works in a fresh
 * clone with nothing but Node and npm: it installs and builds what is missing, then does its work.
 *
 *   node tools/bootstrap.mjs build|check|test|demo|bench|checklist|taint|generated|regress|lab [arguments]
 */
import { requireNode } from './bootstrap/node-version.mjs'

requireNode()
const { run } = await import('./bootstrap/commands.mjs')
await run(process.argv[2], process.argv.slice(3))
