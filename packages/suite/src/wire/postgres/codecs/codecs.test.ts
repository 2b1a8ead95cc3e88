import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { typeCodecs } from './index.ts'

type Name = keyof typeof typeCodecs

/** Texts, what each is as the server prints it, and, where it is told, its binary format in hex. */
const known: Readonly<Record<Name, readonly (readonly [string, string, string?])[]>> = {
  int16: [
    ['-32768', '-32768', '8000'],
    ['+07', '7', '0007'],
  ],
  int32: [
    ['-1', '-1', 'ffffffff'],
    [' 2147483647 ', '2147483647', '7fffffff'],
  ],
  int64: [['-9223372036854775808', '-9223372036854775808', '8000000000000000']],
  bool: [
    ['TRUE', 't', '01'],
    ['off', 'f', '00'],
    ['1', 't', '01'],
  ],
  numeric: [
    ['12345.6789', '12345.6789', '00030001000000040001' + '0929' + '1a85'],
    ['0', '0', '0000000000000000'],
    ['-0.00', '0.00', '0000000000000002'],
    ['1e3', '1000', '00010000000000000' + '3e8'],
    ['-0.0001', '-0.0001', '0001ffff40000004' + '0001'],
    ['1.50', '1.50', '0002000000000002' + '00011388'],
    ['nan', 'NaN', '00000000c0000000'],
  ],
  float32: [
    ['1.5', '1.5', '3fc00000'],
    ['0.1', '0.1', '3dcccccd'],
    ['-inf', '-Infinity', 'ff800000'],
  ],
  float64: [
    ['0.1', '0.1', '3fb999999999999a'],
    ['1e300', '1e+300'],
    ['1e-7', '1e-07'],
  ],
  uuid: [
    [
      'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11',
      'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11',
      'a0eebc999c0b4ef8bb6d6bb9bd380a11',
    ],
    ['{a0eebc999c0b4ef8bb6d6bb9bd380a11}', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'],
  ],
  date: [
    ['2000-01-01', '2000-01-01', '00000000'],
    ['1999-12-31', '1999-12-31', 'ffffffff'],
    ['2024-2-29', '2024-02-29', '00002279'],
    ['0001-01-01 BC', '0001-01-01 BC'],
    ['infinity', 'infinity', '7fffffff'],
  ],
  time: [
    ['12:30', '12:30:00', '0000000a7a358200'],
    ['00:00:00.5', '00:00:00.5', '000000000007a120'],
  ],
  timestamp: [
    ['2000-01-01 00:00:01', '2000-01-01 00:00:01', '00000000000f4240'],
    ['1999-12-31T23:59:59.999999', '1999-12-31 23:59:59.999999', 'ffffffffffffffff'],
    ['2024-05-06', '2024-05-06 00:00:00'],
  ],
  timestamptz: [
    ['2000-01-01 02:00:00+02', '2000-01-01 00:00:00+00', '0000000000000000'],
    ['2000-01-01T00:00:00.25Z', '2000-01-01 00:00:00.25+00'],
    ['1999-12-31 19:30:00-04:30', '2000-01-01 00:00:00+00'],
  ],
  json: [['{"a": 1}', '{"a": 1}', Buffer.from('{"a": 1}').toString('hex')]],
  jsonb: [['[1]', '[1]', '015b315d']],
  'text[]': [
    ['{}', '{}', '000000000000000000000019'],
    ['{a, "b c" ,NULL,""}', '{a,"b c",NULL,""}'],
    [String.raw`{"a\"b","c\\d",e\,f,"NULL"}`, String.raw`{"a\"b","c\\d","e,f","NULL"}`],
  ],
}

const bad: Readonly<Record<Name, readonly string[]>> = {
  int16: ['32768', '', '1.5', 'x', '0x10', '--1'],
  int32: ['2147483648', '1e3'],
  int64: ['9223372036854775808', '9'.repeat(50)],
  bool: ['2', 'maybe', ''],
  numeric: ['', '.', '1.2.3', 'e5', '1e999999', 'x'],
  float32: ['1e50', '', '.'],
  float64: ['1e400', '1,5'],
  uuid: ['a0eebc99', 'g0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', ''],
  date: ['2023-02-29', '2024-13-01', '0000-01-01', '01/02/2024', 'yesterday', ''],
  time: ['25:00', '24:00:01', '12', ''],
  timestamp: ['2024-05-06 25:00', 'now', '2024-05-06 12:00:00+02'],
  timestamptz: ['2024-05-06 12:00:00', '2024-05-06'],
  json: ['{', ''],
  jsonb: ["{'a': 1}"],
  'text[]': ['', '{', '{a', 'a}', '{a,}', '{{a}}', '{"a}', '{"a"b}', '{a\\}'],
}

const names = Object.keys(typeCodecs) as Name[]

test('texts have one canonical form, and the binary format of the server', () => {
  for (const name of names) {
    const codec = typeCodecs[name]
    for (const [text, canonical, binary] of known[name]) {
      const form = codec.canonical(Buffer.from(text))
      assert.equal(form?.toString(), canonical, `${name} ${text}`)
      assert.deepEqual(codec.canonical(form!), form, `${name} ${text} again`)
      const bytes = codec.toBinary(form!)
      if (binary !== undefined) assert.equal(bytes?.toString('hex'), binary, `${name} ${text}`)
      assert.equal(codec.fromBinary(bytes!)?.toString(), canonical, `${name} ${text} back`)
    }
  }
})

test('what is no value of a type is none', () => {
  for (const name of names) {
    for (const text of bad[name]) {
      assert.equal(typeCodecs[name].canonical(Buffer.from(text)), null, `${name} ${text}`)
    }
  }
})

test('any bytes are a value in binary format or none, and nothing is thrown', () => {
  for (const name of names) {
    const codec = typeCodecs[name]
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        const text = codec.fromBinary(Buffer.from(bytes))
        if (text === null) return
        const again = codec.fromBinary(codec.toBinary(text)!)
        assert.deepEqual(again, text, name)
        codec.canonical(Buffer.from(bytes))
      }),
    )
  }
})

test('numbers, dates and texts of every kind go through binary format and back', () => {
  const through = (name: Name, text: string) => {
    const codec = typeCodecs[name]
    const form = codec.canonical(Buffer.from(text))
    assert.ok(form !== null, `${name} ${text}`)
    assert.deepEqual(codec.fromBinary(codec.toBinary(form)!), form, `${name} ${text}`)
    return form.toString()
  }
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value) => {
      assert.equal(through('int64', String(value)), String(value))
      assert.equal(through('numeric', String(value)), String(value))
    }),
  )
  fc.assert(
    fc.property(fc.double(), (value) => {
      assert.equal(Number(through('float64', String(value))), value + 0)
      const single = Math.fround(value) + 0
      if (Number.isFinite(single))
        assert.equal(Math.fround(Number(through('float32', String(single)))), single)
    }),
  )
  fc.assert(
    fc.property(
      fc.date({ noInvalidDate: true, min: new Date(0), max: new Date('2900-01-01') }),
      (value) => {
        const text = through('timestamptz', value.toISOString())
        assert.equal(new Date(text.replace('+00', 'Z')).getTime(), value.getTime())
        assert.equal(
          through('date', value.toISOString().slice(0, 10)),
          value.toISOString().slice(0, 10),
        )
      },
    ),
  )
  fc.assert(
    fc.property(fc.array(fc.option(fc.string())), (elements) => {
      const quoted = elements.map((element) =>
        element === null ? 'NULL' : `"${element.replace(/["\\]/g, '\\$&')}"`,
      )
      through('text[]', `{${quoted.join(',')}}`)
    }),
  )
})
