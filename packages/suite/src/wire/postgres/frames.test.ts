import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Soon } from '../../foundation/index.ts'
import type { Outlet } from '../outlet.ts'
import { FrameCutter, type Oversized } from './frames.ts'
import { copyData, dataRow, frame, int32, query, sync } from './testing/index.ts'

/** An outlet that keeps copies of what it is given, and the ranges as they came. */
class List implements Outlet {
  readonly pieces: Buffer[] = []
  flushes = 0
  pass(chunk: Buffer, start: number, end: number): void {
    assert.ok(start < end && end <= chunk.length, 'a range is not empty and inside its chunk')
    this.pieces.push(Buffer.from(chunk.subarray(start, end)))
  }
  put(bytes: Buffer): void {
    this.pieces.push(Buffer.from(bytes))
  }
  flush(): void {
    this.flushes++
  }
  get bytes(): Buffer {
    return Buffer.concat(this.pieces)
  }
}

interface Setup {
  readonly types: string
  readonly take?: (frame: Buffer, out: List) => Soon<boolean>
  readonly heldSizeMax?: number
  readonly oversized?: Oversized
}

function cutter(setup: Setup) {
  const out = new List()
  const seen: Buffer[] = []
  const frames = new FrameCutter(wanting(setup.types), {
    take: (bytes, start, end) => {
      const copy = Buffer.from(bytes.subarray(start, end))
      seen.push(copy)
      return setup.take?.(copy, out) ?? false
    },
    outlet: out,
    heldSizeMax: setup.heldSizeMax ?? 1_000_000,
    oversized: setup.oversized ?? (() => assert.fail('nothing here is too large')),
  })
  return { out, seen, frames }
}

function wanting(types: string): Uint8Array {
  const table = new Uint8Array(256)
  for (const type of Buffer.from(types, 'latin1')) table[type] = 1
  return table
}

/** Takes the frame away and puts `<type>` in its place. */
const mark = (bytes: Buffer, out: List) => {
  out.put(Buffer.from(`<${String.fromCharCode(bytes[0])}>`))
  return true
}

test('wanted frames come out whole wherever the stream is cut, and the stream passes as it was', () => {
  const wanted = query('select 1')
  const stream = Buffer.concat([sync(), wanted, copyData('abc'), wanted, sync()])
  for (let cut = 0; cut <= stream.length; cut++) {
    const { frames, seen, out } = cutter({ types: 'Q' })
    frames.push(Buffer.from(stream.subarray(0, cut)))
    frames.push(Buffer.from(stream.subarray(cut)))
    assert.deepEqual(seen, [wanted, wanted], `cut at ${cut}`)
    assert.deepEqual(out.bytes, stream, `cut at ${cut}`)
    assert.equal(out.flushes, 2)
    assert.equal(frames.insideFrame, false)
  }
})

test('a stream that comes byte by byte is replaced frame by frame', () => {
  const stream = Buffer.concat([sync(), query('x'), copyData(''), sync()])
  const { frames, out } = cutter({ types: 'Qd', take: mark })
  for (const byte of stream) frames.push(Buffer.of(byte))
  assert.deepEqual(out.bytes, Buffer.concat([sync(), Buffer.from('<Q><d>'), sync()]))
})

test('untouched frames of a chunk pass as one range', () => {
  const { frames, out } = cutter({ types: 'Q' })
  frames.push(Buffer.concat([sync(), copyData('a'), sync()]))
  assert.equal(out.pieces.length, 1)
})

test('the frame handed over is a range of the chunk where it is whole in it', () => {
  const chunk = Buffer.concat([sync(), query('a')])
  const ranges: [Buffer, number, number][] = []
  const frames = new FrameCutter(wanting('Q'), {
    take: (...range) => ranges.push(range) > 0,
    outlet: new List(),
    heldSizeMax: 100,
    oversized: () => 'pass',
  })
  frames.push(chunk)
  assert.equal(ranges[0][0], chunk)
  assert.deepEqual(ranges[0].slice(1), [5, chunk.length])
  frames.push(chunk.subarray(0, 8))
  frames.push(chunk.subarray(8))
  assert.notEqual(ranges[1][0], chunk)
})

test('a frame that nobody wants is not held, however long it is', () => {
  const { frames, out } = cutter({ types: 'Q', heldSizeMax: 10 })
  frames.push(Buffer.concat([Buffer.from('d'), int32(2 ** 30 - 1)]))
  for (let i = 0; i < 100; i++) frames.push(Buffer.alloc(1000, i))
  assert.equal(out.bytes.length, 5 + 100_000)
  assert.equal(frames.insideFrame, true)
})

test('the table of wanted types may be replaced between two frames of one chunk', () => {
  const { frames, seen } = cutter({
    types: 'Q',
    take: () => {
      frames.wanted = wanting('d')
      return false
    },
  })
  frames.push(Buffer.concat([query('a'), query('b'), copyData('c')]))
  assert.deepEqual(seen, [query('a'), copyData('c')])
})

test('cutting goes on from an index where the beginning of a chunk was read by someone else', () => {
  const { frames, out, seen } = cutter({ types: 'Q' })
  frames.push(Buffer.concat([Buffer.from('before'), query('a')]), 6)
  assert.deepEqual(seen, [query('a')])
  assert.deepEqual(out.bytes, query('a'))
})

test('no promise is made where none is taken', () => {
  const { frames } = cutter({ types: 'Q', take: mark })
  assert.equal(frames.push(query('a').subarray(0, 7)), undefined)
  assert.equal(frames.push(query('a').subarray(7)), undefined)
  assert.equal(frames.push(query('a')), undefined)
})

test('a frame answered late holds up what follows it, and nothing that comes before', async () => {
  const stream = Buffer.concat([sync(), query('a'), copyData('b'), query('c'), sync()])
  for (let cut = 0; cut <= stream.length; cut++) {
    let settle: (taken: boolean) => void = () => {}
    const { frames, out } = cutter({
      types: 'Qd',
      take: (bytes, outlet) => {
        if (bytes[0] === 0x64) return false
        return new Promise<boolean>((resolve) => {
          settle = resolve
        }).then((taken) => taken && mark(bytes, outlet))
      },
    })
    for (const chunk of [stream.subarray(0, cut), stream.subarray(cut)]) {
      const pushed = frames.push(Buffer.from(chunk))
      let done = false
      const end = Promise.resolve(pushed).then(() => {
        done = true
      })
      while (!done) {
        settle(true)
        await new Promise(setImmediate)
      }
      await end
    }
    const expected = Buffer.concat([
      sync(),
      Buffer.from('<Q>'),
      copyData('b'),
      Buffer.from('<Q>'),
      sync(),
    ])
    assert.deepEqual(out.bytes, expected, `cut at ${cut}`)
  }
})

test("a rejected promise is the caller's to see", async () => {
  const { frames } = cutter({ types: 'Q', take: () => Promise.reject(new Error('no key')) })
  await assert.rejects(async () => frames.push(query('a')), /no key/)
})

test('lengths that no frame has are refused wherever the header is cut', () => {
  for (const length of [0, 3, -1, -(2 ** 31), 2 ** 30, 2 ** 31 - 1]) {
    const stream = Buffer.concat([sync(), Buffer.from('d'), int32(length), Buffer.alloc(20)])
    for (let cut = 0; cut < stream.length; cut++) {
      for (const types of ['', 'd']) {
        const { frames } = cutter({ types })
        assert.throws(
          () => {
            frames.push(stream.subarray(0, cut))
            frames.push(stream.subarray(cut))
          },
          { code: 'protocol-error' },
        )
      }
    }
  }
})

test('a wanted frame too large to be held passes unseen or is dropped, as the callee says', () => {
  const large = copyData('x'.repeat(50))
  const stream = Buffer.concat([sync(), large, query('a'), sync()])
  for (const fate of ['pass', 'drop'] as const) {
    for (let cut = 6; cut < 5 + large.length; cut++) {
      const asked: [number, number][] = []
      const { frames, out, seen } = cutter({
        types: 'Qd',
        heldSizeMax: 40,
        oversized: (...header) => {
          asked.push(header)
          return fate
        },
      })
      frames.push(stream.subarray(0, cut))
      frames.push(stream.subarray(cut))
      assert.deepEqual(asked, [[0x64, large.length]], `cut at ${cut}`)
      assert.deepEqual(seen, [query('a')])
      const expected = fate === 'pass' ? stream : Buffer.concat([sync(), query('a'), sync()])
      assert.deepEqual(out.bytes, expected, `${fate}, cut at ${cut}`)
      assert.equal(frames.insideFrame, false)
    }
  }
})

test('what is put in the place of a dropped frame stands where the frame stood', () => {
  const large = copyData('x'.repeat(50))
  const { frames, out } = cutter({
    types: 'd',
    heldSizeMax: 40,
    oversized: () => {
      out.put(Buffer.from('!'))
      return 'drop'
    },
  })
  const stream = Buffer.concat([sync(), large, sync()])
  frames.push(stream.subarray(0, 30))
  frames.push(stream.subarray(30))
  assert.deepEqual(out.bytes, Buffer.concat([sync(), Buffer.from('!'), sync()]))
})

test('a wanted frame too large to be held is still handed over where it is whole in its chunk', () => {
  const { frames, seen } = cutter({ types: 'd', heldSizeMax: 10 })
  frames.push(copyData('x'.repeat(50)))
  assert.equal(seen.length, 1)
})

test('memory follows what has come, not what a header claims', () => {
  const { frames } = cutter({ types: 'd', heldSizeMax: 2 ** 30 })
  const before = process.memoryUsage().arrayBuffers
  const header = Buffer.concat([Buffer.from('d'), int32(2 ** 29)])
  const held = Array.from({ length: 8 }, () => {
    const other = cutter({ types: 'd', heldSizeMax: 2 ** 30 })
    other.frames.push(header)
    return other
  })
  frames.push(header)
  assert.equal(held.length, 8)
  assert.ok(process.memoryUsage().arrayBuffers - before < 2 ** 24)
})

test('a large frame in many pieces is collected unchanged', () => {
  const large = copyData(Buffer.from(Array.from({ length: 300_000 }, (_, i) => i % 251)))
  const { frames, seen } = cutter({ types: 'd' })
  for (let at = 0; at < large.length; at += 7001) frames.push(large.subarray(at, at + 7001))
  assert.deepEqual(seen, [large])
})

test('random streams cut at random places equal their plain concatenation', () => {
  const part = fc.record({
    type: fc.constantFrom('Q', 'd', 'S', 'D', 'B'),
    body: fc.oneof(
      fc.uint8Array({ maxLength: 12 }),
      fc.uint8Array({ minLength: 20, maxLength: 90 }),
    ),
  })
  const scenario = fc.record({
    parts: fc.array(part, { maxLength: 25 }),
    cuts: fc.array(fc.nat(2000), { maxLength: 25 }),
    types: fc.subarray(['Q', 'd', 'D', 'B']),
    replaced: fc.subarray(['Q', 'd', 'D']),
  })
  fc.assert(
    fc.property(scenario, ({ parts, cuts, types, replaced }) => {
      const all = parts.map(({ type, body }) => frame(type, body))
      const stream = Buffer.concat(all)
      const isReplaced = (bytes: Buffer) => replaced.includes(String.fromCharCode(bytes[0]))
      const isWanted = (bytes: Buffer) => types.includes(String.fromCharCode(bytes[0]))
      const { frames, seen, out } = cutter({
        types: types.join(''),
        take: (bytes, outlet) => isReplaced(bytes) && mark(bytes, outlet),
      })
      const places = [
        ...new Set([0, ...cuts.map((cut) => Math.min(cut, stream.length)), stream.length]),
      ]
      places.sort((a, b) => a - b)
      for (let i = 1; i < places.length; i++) {
        // A chunk's memory is used again after the push, as the relay does.
        const chunk = Buffer.from(stream.subarray(places[i - 1], places[i]))
        frames.push(chunk)
        chunk.fill(0xee)
      }
      assert.deepEqual(seen, all.filter(isWanted))
      const expected = all.map((bytes) =>
        isWanted(bytes) && isReplaced(bytes) ? `<${String.fromCharCode(bytes[0])}>` : bytes,
      )
      assert.deepEqual(out.bytes, Buffer.concat(expected.map((bytes) => Buffer.from(bytes))))
    }),
    { numRuns: 3000 },
  )
})

test('rows of an answer are handed over one by one', () => {
  const rows = [dataRow('1', null), dataRow('22', 'x')]
  const { frames, seen } = cutter({ types: 'D' })
  frames.push(Buffer.concat(rows))
  assert.deepEqual(seen, rows)
})
