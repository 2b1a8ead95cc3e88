import assert from 'node:assert/strict'
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { configurationOptions } from './configuration.ts'
import { dumpText, markdownTable, writeWhole } from './dump.ts'
import { ConfigurationError } from './errors.ts'
import { flag, int, joined, text, waits } from './option.ts'

const table = joined(configurationOptions, {
  port: int(5432, 'A port | of something'),
  host: text('', 'A host'),
  v: flag(false, 'A switch'),
  mysql_enable: waits('MySQL', flag(false, 'MySQL')),
} as const)

const folder = mkdtempSync(join(tmpdir(), 'acra-dump-'))
after(() => rmSync(folder, { recursive: true }))

test('a dump is the header, then usage and default of each option that a file can set', () => {
  assert.equal(
    dumpText(table, '0.1.0'),
    'version: 0.1.0\n# A host\nhost: \n\n# A port | of something\nport: 5432\n\n# A switch\nv: false\n\n',
  )
})

test('the table in Markdown has five columns and escaped bars', () => {
  assert.equal(
    markdownTable('acra-x', table),
    '|acra-x|||||\n|:-:|:-:|:-:|:-:|:-:|\n||host|||A host|\n||port||5432|A port \\| of something|\n||v||false|A switch|\n',
  )
})

test('a file is written as a whole, in folders that are made, over what was there', () => {
  const path = join(folder, 'a/b/c.yaml')
  writeWhole(path, 'one\n')
  writeWhole(path, 'two\n')
  assert.equal(readFileSync(path, 'utf8'), 'two\n')
  assert.deepEqual(readdirSync(join(folder, 'a/b')), ['c.yaml'])
  assert.equal(statSync(join(folder, 'a')).mode & 0o777, 0o744 & ~process.umask())
})

test('a symbolic link is neither followed nor replaced', () => {
  const target = join(folder, 'target')
  const link = join(folder, 'link')
  writeFileSync(target, 'precious')
  symlinkSync(target, link)
  assert.throws(() => writeWhole(link, 'x'), /is a symbolic link and is not written through/)
  assert.equal(readFileSync(target, 'utf8'), 'precious')
  symlinkSync(join(folder, 'nowhere'), join(folder, 'dangling'))
  assert.throws(() => writeWhole(join(folder, 'dangling'), 'x'), ConfigurationError)
})

test('what cannot be written is told, and leaves nothing behind', () => {
  const directory = join(folder, 'directory')
  mkdirSync(directory)
  assert.throws(() => writeWhole(directory, 'x'), /directory: exists and is not a file/)
  assert.throws(() => writeWhole('/dev/null', 'x'), /\/dev\/null: exists and is not a file/)
  assert.throws(() => writeWhole(join(folder, 'target/x.yaml'), 'x'), /cannot be written \(E/)
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.endsWith('.draft')),
    [],
  )
})
