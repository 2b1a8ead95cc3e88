import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { events } from '../observe/index.ts'
import { choice, flag, ignored, int, text, waits } from '../options/index.ts'
import { documentation, errorPage, optionPage } from './documentation.ts'
import { errorCodes } from './error-codes.ts'

const program = {
  name: 'acra-x',
  kind: 'tool',
  description: 'Does a thing.',
  examples: ['acra-x --port=1', 'acra-x --mode=pass'],
  options: {
    port: int(1, 'A port', { min: 1, max: 2 }),
    mode: choice(['refuse', 'pass'], 'refuse', 'A mode'),
    name: text('', 'A name | or two'),
    mysql_enable: waits('MySQL', flag(false, 'MySQL')),
    ds: ignored('there is none', flag(false, 'Profiles')),
  },
  run: () => 0,
} as const

test('a page has every option of a program in its place', () => {
  const page = optionPage(program)
  assert.match(page, /\n# Options of acra-x\n\nDoes a thing\.\n/)
  assert.match(page, /\n```sh\nacra-x --port=1\nacra-x --mode=pass\n```\n/)
  assert.match(page, /\n\| `port` \| number \| `1` \| A port; 1 to 2 \|\n/)
  assert.match(page, /\n\| `mode` \| text \| `refuse` \| A mode: refuse or pass \|\n/)
  assert.match(page, /\n\| `name` \| text \| {2}\| A name \\\| or two \|\n/)
  assert.match(page, /\| `dump_config` \| boolean \| `false` \| .* \(command line only\) \|\n/)
  assert.match(page, /## Known, not available yet\n[^#]*\| `mysql_enable` \| `false` \| MySQL \|\n/)
  assert.match(page, /## Accepted, but without effect\n[^#]*\| `ds` \| there is none \|\n$/)
})

test('a page without such options has no such sections', () => {
  const page = optionPage({ ...program, options: {} })
  assert.ok(!page.includes('##'))
})

test('the page of errors has every event and every code', () => {
  const page = errorPage(events, errorCodes)
  for (const { code, message } of Object.values(events)) {
    assert.match(page, new RegExp(`^\\| ${code} \\| \\w+ \\| `, 'm'))
    assert.ok(page.includes(message.replaceAll('<', '\\<')))
  }
  for (const code of Object.keys(errorCodes)) assert.ok(page.includes(`| \`${code}\` |`))
})

test('every path is documented once', () => {
  const paths = documentation().map(({ path }) => path)
  assert.equal(new Set(paths).size, paths.length)
})

test('the pages in docs/ are those of the tables', () => {
  for (const { path, content } of documentation()) {
    const written = readFileSync(new URL(`../../../../${path}`, import.meta.url), 'utf8')
    assert.equal(written, content, `${path}: run node .build/tools/generate-docs.js`)
  }
})

const sources = ['../../../crypto/src/', '../../src/'].map((path) =>
  fileURLToPath(new URL(path, import.meta.url)),
)

/**
 * The codes that the sources give to errors: in unions named ...ErrorCode, and as first argument of
 * a constructor.
 */
function codesInSources(): Set<string> {
  const codes = new Set<string>()
  for (const folder of sources) {
    for (const path of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
      if (!path.endsWith('.ts') || /\.(test|contract)\.ts$|testing\//.test(path)) continue
      const source = readFileSync(`${folder}${path}`, 'utf8')
      const unions = [...source.matchAll(/type \w*ErrorCode =((?:[\s|]*(?:'[a-z0-9-]+'|\w+))+)/g)]
      const literals = unions.flatMap(([, union = '']) => [...union.matchAll(/'([a-z0-9-]+)'/g)])
      const thrown = source.matchAll(
        /(?:super|new \w+(?:Error|Refusal|Refused))\(\s*'([a-z0-9]+(?:-[a-z0-9]+)+)'/g,
      )
      for (const [, code = ''] of [...literals, ...thrown]) codes.add(code)
    }
  }
  return codes
}

test('every code of an error in the sources has an entry, and every entry has a source', () => {
  const found = codesInSources()
  assert.ok(
    found.has('usage-invalid') && found.has('keystore-locked') && found.has('cell-not-opened'),
  )
  assert.deepEqual([...found].sort(), Object.keys(errorCodes).sort(), 'see cli/error-codes.ts')
})
