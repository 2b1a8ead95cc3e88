import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AcraError } from '../../../foundation/index.ts'
import { packError, unpackError } from './transported-error.ts'

function carried(error: unknown): Error {
  return unpackError(JSON.parse(JSON.stringify(packError(error))))
}

test('an error of ours arrives with its code, its message and its causes', () => {
  const cause = new Error('cannot read', { cause: new Error('EIO') })
  const error = carried(new AcraError('store-unusable', 'the store cannot be used', { cause }))
  assert.ok(error instanceof AcraError)
  assert.equal(error.code, 'store-unusable')
  assert.equal(error.message, 'the store cannot be used')
  assert.ok(error.cause instanceof Error && error.cause.message === 'cannot read')
  assert.ok(error.cause.cause instanceof Error && error.cause.cause.message === 'EIO')
})

test('any other error arrives as an error', () => {
  const error = carried(new TypeError('x is not a function'))
  assert.ok(!(error instanceof AcraError))
  assert.equal(error.message, 'x is not a function')
  assert.equal(carried('thrown').message, 'something that is no error was thrown')
})
