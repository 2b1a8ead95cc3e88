/**
 * The parts of `npm run bench:sql` runs to its end: nobody notices otherwise before the next time that somebody measures. That of pgbench is left to the
 * bench of the proxy, whose loads it takes: on a busy machine it measures nothing.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { root } from '../../tools/repository.ts'

const parts = ['plans', 'flood', 'cells', 'insert', 'copy', 'search']

test('the parts of the SQL bench run, and say what is to be reached', () => {
  const args = [join(root, '.build/bench/main.js'), 'sql', '--quick', `--only=${parts}`]
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  assert.equal(status, 0, stderr)
  for (const name of parts) assert.match(stdout, new RegExp(`^${name}$`, 'm'))
  assert.equal(stdout.split('| measure | target | measured | reached |').length - 1, parts.length)
  assert.doesNotMatch(stdout, /NaN|not measured/)
})
