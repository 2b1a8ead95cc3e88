import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { compatibilityOptions } from '../compatibility.ts'
import { configurationOptions } from '../configuration.ts'
import { ConfigurationError, problemText } from '../errors.ts'
import { choice, flag, int, joined, text, uint } from '../option.ts'
import { CONFIG_FILE_SIZE_MAX, parseConfig, readConfigFile } from './yaml.ts'

const table = joined(configurationOptions, {
  client_id: text('', 'An id'),
  db_port: int(5432, 'A port', { min: 1, max: 65_535 }),
  offset: int(0, 'A number'),
  size: uint(16, 'A size'),
  v: flag(false, 'A switch'),
  mode: choice(['refuse', 'pass'], 'refuse', 'A mode'),
} as const)

const folder = mkdtempSync(join(tmpdir(), 'acra-yaml-'))
after(() => rmSync(folder, { recursive: true }))

function values(body: string): Record<string, unknown> {
  const given = parseConfig(`version: 0.96.0\n${body}`, 'c.yaml', table, '0.1.0')
  return Object.fromEntries([...given].map(([name, { value }]) => [name, value]))
}

function problems(source: string): string[] {
  return caught(() => parseConfig(source, 'c.yaml', table, '0.1.0'))
}

function caught(work: () => unknown): string[] {
  try {
    work()
  } catch (error) {
    assert.ok(error instanceof ConfigurationError, String(error))
    return error.problems.map(problemText)
  }
  return []
}

/** What is wrong with the line behind the header. */
function problem(line: string): string | undefined {
  return problems(`version: 0.96.0\n${line}\n`)[0]
}

test('a file is a flat map of option names', () => {
  assert.deepEqual(values('client_id: some id # a comment\ndb_port: 15432\nv: true\n'), {
    client_id: 'some id',
    db_port: 15_432,
    v: true,
  })
  const flow = parseConfig('{version: 0.96.0, v: true}', 'c.yaml', table, '0.1.0')
  assert.deepEqual(flow.get('v'), { value: true, origin: 'c.yaml:1:22' })
})

test('each value knows its line and column', () => {
  const given = parseConfig('version: 0.96.0\n\n  \ndb_port:   1\n', 'c.yaml', table, '0.1.0')
  assert.deepEqual(given.get('db_port'), { value: 1, origin: 'c.yaml:4:12' })
})

test('a string is the text that stands there, whatever YAML makes of it', () => {
  for (const source of [
    'yes',
    'no',
    'on',
    '010',
    '1e3',
    '0x1F',
    '12:30',
    '2021-01-01',
    '1_000',
    '.5',
  ]) {
    assert.deepEqual(values(`client_id: ${source}`), { client_id: source })
  }
  assert.deepEqual(values('client_id: "null"'), { client_id: 'null' })
  assert.deepEqual(values("client_id: '~'"), { client_id: '~' })
  assert.deepEqual(values('client_id: "a\\tb"'), { client_id: 'a\tb' })
})

test('a boolean has the spellings of Go and those of YAML 1.1', () => {
  for (const source of ['true', 'True', 'TRUE', 't', 'T', '1', 'yes', 'Yes', 'YES', 'on', 'y']) {
    assert.deepEqual(values(`v: ${source}`), { v: true }, source)
  }
  for (const source of ['false', 'False', 'FALSE', 'f', 'F', '0', 'no', 'No', 'NO', 'off', 'n']) {
    assert.deepEqual(values(`v: "${source}"`), { v: false }, source)
  }
  assert.equal(problem('v: maybe'), 'c.yaml:2:4: v: expects true or false')
})

test('an integer is decimal, and a leading zero is no guess of ours', () => {
  assert.deepEqual(values('offset: -12'), { offset: -12 })
  assert.deepEqual(values('offset: "+12"'), { offset: 12 })
  for (const source of ['010', '0x10', '0o10', '1_000', '1.0', '1e3', 'five', '""', '12:30']) {
    assert.match(problem(`offset: ${source}`) ?? 'accepted', /^c\.yaml:2:9: offset/, source)
  }
  assert.equal(problem('offset: 9007199254740992'), 'c.yaml:2:9: offset: value out of range')
  assert.match(problem('size: -1') ?? '', /expects a whole number without a sign/)
  assert.match(problem('size: +1') ?? '', /expects a whole number without a sign/)
})

test('bounds and choices hold in files too', () => {
  assert.equal(problem('db_port: 0'), 'c.yaml:2:10: db_port: must be between 1 and 65535')
  assert.equal(problem('mode: allow'), 'c.yaml:2:7: mode: must be refuse or pass')
})

test('an empty string says nothing, an empty number or boolean is a mistake', () => {
  for (const empty of ['', '~', 'null', '""', "''"]) {
    assert.deepEqual(values(`client_id: ${empty}`), {})
  }
  for (const empty of ['', '~', 'null']) {
    assert.equal(problem(`v: ${empty}`)?.slice(12), 'v has no value; leave it out or set it')
    assert.equal(
      problem(`db_port: ${empty}`)?.slice(-26),
      'value; leave it out or set it'.slice(-26),
    )
  }
})

test('an unknown key is refused with its place and the nearest known name', () => {
  assert.equal(problem('db_prot: 1'), 'c.yaml:2:1: unknown option db_prot; did you mean db_port?')
  assert.equal(problem('zzzzzzzz: 1'), 'c.yaml:2:1: unknown option zzzzzzzz')
  assert.equal(problem('__proto__: 1'), 'c.yaml:2:1: unknown option __proto__')
  assert.equal(problem('toString: 1'), 'c.yaml:2:1: unknown option toString')
})

test('a key that stands twice is refused with both places', () => {
  assert.deepEqual(problems('version: 0.96.0\nv: true\n"v": true\n'), [
    'c.yaml:3:1: v is set twice, first at c.yaml:2:1',
  ])
  assert.deepEqual(problems('version: 0.96.0\nversion: 0.96.0\n'), [
    'c.yaml:2:1: version is set twice, first at c.yaml:1:1',
  ])
})

test('a value that is a list, a map, an alias or tagged is refused', () => {
  assert.equal(problem('client_id: [a]'), 'c.yaml:2:12: client_id expects one plain value')
  assert.equal(problem('client_id:\n  a: b'), 'c.yaml:3:3: client_id expects one plain value')
  assert.deepEqual(problems('version: &x 0.96.0\nclient_id: *x\n'), [
    'c.yaml:2:12: client_id expects one plain value',
  ])
  for (const tagged of ['!secret a', '!!str a', '!!int 1']) {
    const found = problem(`client_id: ${tagged}`) ?? 'accepted'
    assert.match(found, /^c\.yaml:2:\d+: client_id expects one plain value/)
  }
  assert.match(
    problem('[client_id]: a') ?? 'accepted',
    /^c\.yaml:2:1: expects the name of an option/,
  )
  assert.match(problem('<<: {v: true}') ?? 'accepted', /^c\.yaml:2:1: /)
})

test('everything that is wrong is told at once', () => {
  const found = problems('version: 0.96.0\nfoo: 1\ndb_port: x\nv:\n')
  assert.deepEqual(
    found.map((one) => one.slice(0, 11)),
    ['c.yaml:2:1:', 'c.yaml:3:10', 'c.yaml:4:1:'],
  )
})

test('what is no map is refused with its place', () => {
  assert.deepEqual(problems('- a\n'), ['c.yaml:1:1: expects lines of the form "name: value"'])
  assert.deepEqual(problems('just text\n'), ['c.yaml:1:1: expects lines of the form "name: value"'])
  assert.match(problems('version: 0.96.0\n---\nversion: 0.96.0\n')[0] ?? '', /^c\.yaml:2:1: /)
  assert.match(
    problems('version: 0.96.0\nv: "true\n')[0] ?? '',
    /^c\.yaml:[23]:\d+: not valid YAML/,
  )
  assert.match(problems('version: 0.96.0\n\tv: true\n')[0] ?? '', /^c\.yaml:2:\d+: not valid YAML/)
})

test('an empty file, or one of comments, says nothing', () => {
  for (const source of ['', '\n', '# nothing\n', '---\n', '--- ~\n', '\ufeff']) {
    assert.equal(parseConfig(source, 'c.yaml', table, '0.1.0').size, 0)
  }
})

test('line ends of Windows and a byte order mark do no harm', () => {
  const given = parseConfig('\ufeffversion: 0.96.0\r\ndb_port: 7\r\n', 'c.yaml', table, '0.1.0')
  assert.deepEqual(given.get('db_port'), { value: 7, origin: 'c.yaml:2:10' })
})

test('the header takes every release from 0.90 to 0.96 and our own', () => {
  for (const version of [
    '0.90.0',
    '0.91.0',
    '0.94.12',
    '0.96.0',
    '0.96.99',
    '0.1.0',
    '0.1.7',
    '"0.96.0"',
  ]) {
    assert.deepEqual(problems(`version: ${version}\n`), [], version)
  }
})

test('a header that is missing, malformed or of another release is refused', () => {
  assert.match(problems('v: true\n')[0] ?? '', /^c\.yaml: config hasn't version key/)
  assert.deepEqual(problems('version:\n'), ['c.yaml:1:1: value of version is not string'])
  for (const version of ['0.96', '"1"', 'v0.96.0', '0.96.0-rc1', '0.96.0.1', 'abc', '" 0.96.0"']) {
    const [found] = problems(`version: ${version}\n`)
    assert.match(found ?? '', /c\.yaml:1:10: value has incorrect format \(semver 2\.0\.0/, version)
  }
  for (const version of ['0.85.0', '0.97.0', '0.2.0', '1.96.0', '0.960.0']) {
    const [found] = problems(`version: ${version}\n`)
    assert.match(found ?? '', /config version ".*" is not supported, expects "0\.1\.0"/, version)
  }
})

test('a file of 0.90 asks for its defaults, where a program has them, and may leave values empty', () => {
  const source = 'v:\ndb_port: ~\nversion: 0.90.7\n'
  assert.equal(parseConfig(source, 'c.yaml', table, '0.1.0').size, 0)
  const withRelease = { ...table, ...compatibilityOptions }
  const given = parseConfig(source, 'c.yaml', withRelease, '0.1.0')
  assert.deepEqual([...given], [['compatibility', { value: '0.90', origin: 'c.yaml:3:1' }]])
  const said = parseConfig('version: 0.90.0\ncompatibility: 0.96\n', 'c', withRelease, '0.1.0')
  assert.equal(said.get('compatibility')?.value, '0.96')
  assert.equal(parseConfig('version: 0.96.0\n', 'c', withRelease, '0.1.0').size, 0)
})

test('what the command line alone can set is refused in a file, but for its default', () => {
  assert.deepEqual(
    values('config_file: \ndump_config: false\ngenerate_markdown_args_table: false'),
    {},
  )
  assert.equal(
    problem('dump_config: true'),
    'c.yaml:2:14: dump_config can be set on the command line only',
  )
  assert.equal(
    problem('config_file: x'),
    'c.yaml:2:14: config_file can be set on the command line only',
  )
})

test('a named file has to exist, the default one may be missing', () => {
  const path = join(folder, 'absent.yaml')
  assert.equal(readConfigFile(path, table, '0.1.0', true).size, 0)
  assert.deepEqual(
    caught(() => readConfigFile(path, table, '0.1.0', false)),
    [`${path}: the configuration file does not exist`],
  )
})

test('a file that cannot be read is told from one that is missing', (t) => {
  const directory = join(folder, 'directory.yaml')
  mkdirSync(directory)
  assert.deepEqual(
    caught(() => readConfigFile(directory, table, '0.1.0', true)),
    [`${directory}: the configuration file is a folder`],
  )
  const binary = join(folder, 'binary.yaml')
  writeFileSync(binary, Uint8Array.of(0x76, 0xff, 0xfe))
  assert.deepEqual(
    caught(() => readConfigFile(binary, table, '0.1.0', true)),
    [`${binary}: the configuration file is not valid UTF-8`],
  )
  const locked = join(folder, 'locked.yaml')
  writeFileSync(locked, 'version: 0.96.0\n')
  chmodSync(locked, 0)
  if (process.getuid?.() === 0) return t.diagnostic('root reads every file: permissions not tried')
  assert.deepEqual(
    caught(() => readConfigFile(locked, table, '0.1.0', true)),
    [`${locked}: the configuration file cannot be read: permission denied`],
  )
})

test('a file has a largest size, and a nesting that is too deep is an error like others', () => {
  const large = join(folder, 'large.yaml')
  writeFileSync(large, '#'.repeat(CONFIG_FILE_SIZE_MAX))
  assert.equal(readConfigFile(large, table, '0.1.0', false).size, 0)
  writeFileSync(large, '#'.repeat(CONFIG_FILE_SIZE_MAX + 1))
  assert.match(
    caught(() => readConfigFile(large, table, '0.1.0', false))[0] ?? '',
    /is larger than/,
  )
  assert.match(caught(() => readConfigFile('/dev/zero', table, '0.1.0', false))[0] ?? '', /larger/)
  for (const source of ['['.repeat(300_000), '- '.repeat(300_000), '{a: '.repeat(200_000)]) {
    const [found] = problems(source)
    assert.match(found ?? 'accepted', /^c\.yaml:1:\d+: values are nested deeper than 32 levels/)
  }
})
