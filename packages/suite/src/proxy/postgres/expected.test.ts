import assert from 'node:assert/strict'
import test from 'node:test'
import { type ExpectedKind, ExpectedQueue } from './expected.ts'

function queueOf(...kinds: readonly ExpectedKind[]): ExpectedQueue {
  const queue = new ExpectedQueue()
  kinds.forEach((kind, sequence) => {
    queue.push({ kind, sequence, refusal: null, plan: null, answers: [], current: 0, change: null })
  })
  return queue
}

function rest(queue: ExpectedQueue): number[] {
  const sequences: number[] = []
  for (let head = queue.head; head !== null; head = queue.head) {
    sequences.push(head.sequence)
    queue.shift()
  }
  return sequences
}

test('after a failure everything up to the next Sync is owed no more', () => {
  const queue = queueOf('parse', 'query', 'bind', 'sync', 'parse', 'sync')
  assert.ok(queue.dropToSync())
  assert.deepEqual(rest(queue), [3, 4, 5])
  const open = queueOf('parse', 'bind')
  assert.ok(!open.dropToSync())
  assert.deepEqual(rest(open), [])
})

test('a Sync inside a COPY is owed no answer, and one behind it is', () => {
  const queue = queueOf('query', 'sync', 'sync', 'copy-end', 'sync', 'query')
  assert.ok(queue.ignoreSyncInCopy())
  assert.deepEqual(rest(queue), [0, 4, 5])
  const open = queueOf('execute', 'sync', 'sync')
  assert.ok(!open.ignoreSyncInCopy())
  assert.deepEqual(rest(open), [0])
})

test('the end of a copy that never was owes nothing', () => {
  assert.deepEqual(rest(queueOf('copy-end', 'sync', 'copy-end', 'copy-end', 'query')), [1, 4])
})

test('a long queue stays right when its front is given back', () => {
  const queue = queueOf(...Array.from({ length: 5000 }, (): ExpectedKind => 'sync'))
  for (let count = 0; count < 4000; count++) queue.shift()
  assert.equal(queue.size, 1000)
  assert.deepEqual(
    rest(queue),
    Array.from({ length: 1000 }, (_, i) => 4000 + i),
  )
})

test('a client that says nothing but the end of copies does not fill the queue', () => {
  const queue = queueOf('copy-end', 'copy-end', 'query', 'copy-end', 'copy-end', 'copy-end')
  assert.equal(queue.size, 2)
  assert.deepEqual(rest(queue), [2])
  assert.deepEqual(rest(queueOf('query', 'copy-end', 'query')), [0, 2])
})
