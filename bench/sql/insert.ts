/** What a long statement with many small values costs: 150 rows in 5 kB. */
import { BlockKey, sealBlockInContainer } from '@acra-ts/crypto'
import { nodePrimitives } from '@acra-ts/crypto/node'
import { BufferSink, openWorkbench } from '#testing/workbench'
import { message } from '../../e2e/frontend.ts'
import { table } from '../document.ts'
import { measureInTurn, middleOf, ratioOf } from './measure.ts'
import type { Part } from './part.ts'

const ROWS = 150
const VALUE_SIZE = 20

const encryptorConfig = `schemas:
  - table: people
    columns: [id, name]
    encrypted:
      - { column: name, data_type: str }
  - table: places
    columns: [id, name]
`

export const insert: Part = async (settings) => {
  const bench = await openWorkbench(encryptorConfig)
  const nowhere = { pass: () => {}, put: () => {}, flush: () => {} }
  const conversation = async () => bench.conversation(nowhere, nowhere)
  const [own, other] = [await conversation(), await conversation()]
  const [into, beside] = [statement('people'), statement('places')]
  const key = new BlockKey(nodePrimitives, Buffer.from(nodePrimitives.random(32)))
  const names = Array.from({ length: ROWS }, (_, i) => Buffer.from(nameOf(i)))
  const seal = () => {
    for (const name of names) sealBlockInContainer(key, name, new BufferSink(256))
  }
  const measured = await measureInTurn(
    [
      { name: 'the cryptography alone', run: seal },
      { name: 'into a table that is not protected', run: () => other.fromClient(beside) },
      { name: 'into a table with a protected column', run: () => own.fromClient(into) },
    ],
    settings,
  )
  const [alone, passed, protectedOne] = [measured[0]!, measured[1]!, measured[2]!]
  return {
    lines: [
      `An INSERT of ${ROWS} rows with one value of ${VALUE_SIZE} bytes each, ${into.length} bytes, as one Query through a conversation without sockets; medians of ${settings.rounds} rounds in turn.`,
      '',
      ...table(
        ['', 'CPU µs', 'to the cryptography alone'],
        measured.map((one) => [one.name, middleOf(one).toFixed(0), ratioOf(one, alone).toFixed(2)]),
      ),
    ],
    targets: [
      {
        what: 'throughput of the cryptography alone that is left, with what passing the statement takes taken off',
        bound: 'at least',
        limit: 0.5,
        value: middleOf(alone) / (middleOf(protectedOne) - middleOf(passed)),
      },
    ],
  }
}

function statement(into: string): Buffer {
  const rows = Array.from({ length: ROWS }, (_, i) => `(${1000 + i}, '${nameOf(i)}')`)
  return message.query(`INSERT INTO ${into} (id, name) VALUES ${rows.join(', ')}`)
}

function nameOf(index: number): string {
  return `name ${index} `.padEnd(VALUE_SIZE, 'x')
}
