/** What the outputs of two runs have not in common, and why. */
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Prints which files differ between two folders, with the errors that only the second one has; returns how many. */
export function printDifferences(
  way: string,
  files: readonly string[],
  direct: string,
  through: string,
): number {
  const differing = files.filter((file) => !isAlike(`${file}.out`, direct, through))
  for (const file of differing) {
    const paths = [direct, through].map((folder) => join(folder, `${file}.out`))
    const { stdout } = spawnSync('diff', ['-U3', ...paths], {
      encoding: 'utf8',
      maxBuffer: 2 ** 28,
    })
    writeFileSync(join(through, `${file}.diff`), stdout)
    console.log(`  ${file}: ${reasonsOf(stdout)}`)
  }
  console.log(`${way}: ${differing.length} of ${files.length} files differ from the direct run`)
  return differing.length
}

function isAlike(file: string, direct: string, through: string): boolean {
  const outputs = [direct, through].map((folder) =>
    withoutHint(readFileSync(join(folder, file), 'latin1').replaceAll(folder, '')),
  )
  return outputs[0] === outputs[1]
}

/** What acra-server says besides PostgreSQL's own error where a text does not parse. */
const SYNTAX_HINT = 'HINT:  Check the syntax: acra-server knows that of PostgreSQL 18.\n'

function withoutHint(output: string): string {
  return output.replaceAll(SYNTAX_HINT, '')
}

const REASONS_MAX = 3

/** The errors that are new, the most frequent first. */
function reasonsOf(diff: string): string {
  const counts = new Map<string, number>()
  for (const [, error = ''] of diff.matchAll(/^\+(?:psql:[^ ]*: )?ERROR: {2}(.*)$/gm))
    counts.set(error, (counts.get(error) ?? 0) + 1)
  const first = [...counts].sort(([, one], [, other]) => other - one).slice(0, REASONS_MAX)
  if (first.length === 0) return 'no error of its own'
  return first.map(([error, count]) => `${count} x ${error}`).join('; ')
}
