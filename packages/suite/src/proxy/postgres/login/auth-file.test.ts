import assert from 'node:assert/strict'
import test from 'node:test'
import { AuthFileError, parseAuthFile } from './auth-file.ts'

const key = Buffer.alloc(32).toString('base64')

test('passwords, SCRAM secrets and md5 hashes are told apart', () => {
  const users = parseAuthFile(
    [
      '; comment',
      '# another',
      '',
      '"ann" "pa""ss word"  rest of the line',
      `"bob" "SCRAM-SHA-256$4096:AAAA$${key}:${key}"`,
      '  "c""c"\t"md5d41d8cd98f00b204e9800998ecf8427e"',
      '"dora" ""',
    ].join('\n'),
    'users.txt',
  )
  assert.deepEqual(users.get('ann'), { kind: 'password', password: 'pa"ss word' })
  assert.equal(users.get('bob')?.kind, 'scram')
  assert.deepEqual(users.get('c"c'), { kind: 'md5', hash: 'd41d8cd98f00b204e9800998ecf8427e' })
  assert.deepEqual(users.get('dora'), { kind: 'password', password: '' })
})

test('what cannot be read is named by its line, and no password is shown', () => {
  const cases: [string, RegExp][] = [
    ['"ann" secret', /^users\.txt:1: expected "user" "password"$/],
    ['\n"" "secret"', /^users\.txt:2: the name of the user is empty$/],
    ['"a" "secret"\n"a" "secret"', /^users\.txt:2: user "a" is listed twice$/],
    ['"a" "SCRAM-SHA-256$secret"', /^users\.txt:1: the SCRAM secret of user "a" cannot be read$/],
  ]
  for (const [text, message] of cases) {
    assert.throws(
      () => parseAuthFile(text, 'users.txt'),
      (error) => error instanceof AuthFileError && message.test(error.message),
      text,
    )
  }
})
