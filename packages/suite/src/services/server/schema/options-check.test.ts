import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { parseCommandLine, settle } from '../../../options/index.ts'
import { type ServerOptions, serverOptions } from '../options.ts'
import { checkSchemaOptions, databasesAtStart } from './options-check.ts'
import { readPassword } from './password.ts'

function optionsOf(...words: string[]): ServerOptions {
  const { given } = parseCommandLine(serverOptions, words)
  return settle(serverOptions, given, new Map()).values
}

const on = '--schema_introspection'
const user = '--schema_introspection_user=reader'
const config = '--encryptor_config_file=encryptor.yaml'

test('options that do not go together say which is missing', () => {
  checkSchemaOptions(optionsOf())
  checkSchemaOptions(optionsOf(on, user, config))
  const cases: readonly (readonly [string[], RegExp])[] = [
    [[user], /schema_introspection_user needs schema_introspection: add --schema_introspection/],
    [['--schema_introspection_databases=app'], /schema_introspection_databases needs/],
    [['--schema_introspection_password_file=p'], /schema_introspection_password_file needs/],
    [[on, config], /needs an account of the database: name it with --schema_introspection_user/],
    [[on, user], /name it with --encryptor_config_file/],
  ]
  for (const [words, message] of cases)
    assert.throws(() => checkSchemaOptions(optionsOf(...words)), message, words.join(' '))
})

test('databases are listed with commas between them', () => {
  const databases = (list: string) =>
    databasesAtStart(optionsOf(`--schema_introspection_databases=${list}`))
  assert.deepEqual(databases(''), [])
  assert.deepEqual(databases('app, audit,,app'), ['app', 'audit'])
})

test('a password comes from a file that nobody else may read, else from the environment', () => {
  const folder = mkdtempSync(join(tmpdir(), 'acra-password-'))
  try {
    const [kept, open] = ['kept', 'open'].map((name) => join(folder, name)) as [string, string]
    writeFileSync(kept, 'a secret \n', { mode: 0o600 })
    writeFileSync(open, 'a secret', { mode: 0o644 })
    const environment = { ACRA_SCHEMA_INTROSPECTION_PASSWORD: 'another' }
    assert.equal(readPassword(kept, environment), 'a secret ')
    assert.equal(readPassword('', environment), 'another')
    assert.equal(readPassword('', {}), '')
    assert.throws(() => readPassword(open, environment), /run chmod 600/)
    assert.throws(() => readPassword(join(folder, 'none'), environment), /ENOENT/)
  } finally {
    rmSync(folder, { recursive: true })
  }
})
