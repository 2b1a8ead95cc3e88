import { AcraError } from '../../foundation/index.ts'
import { HASH_SIZE, MerkleTree } from './merkle.ts'

/** A checkpoint that is none. */
export class CheckpointError extends AcraError<'audit-checkpoint-invalid'> {
  constructor(message: string) {
    super('audit-checkpoint-invalid', message)
  }
}

/** What a signature says about a log: so many lines, and these. */
export interface Checkpoint {
  /** The name of the history: no other one has it. */
  readonly origin: string
  /** Lines up to here, of the whole history. */
  readonly size: number
  /** The root of their Merkle tree. */
  readonly root: Buffer
  /** When it was made, in milliseconds since 1970. */
  readonly time: number
  /** The lines that are new in it: from the line with this number, counted from 0. */
  readonly from: number
  /** The tags of the first and the last of these lines, by which they are found in the files. */
  readonly firstTag: string
  readonly lastTag: string
  /** The roots of the whole subtrees, by which the tree goes on from here. */
  readonly peaks: readonly Buffer[]
}

const SIZE = /^(?:0|[1-9][0-9]{0,15})$/
const LINES = /^lines ([0-9]{1,16}) ([0-9a-f]{64}) ([0-9a-f]{64})$/
const HASHES = /^peaks((?: [A-Za-z0-9+/]{43}=)+)$/

/**
 * The text of a checkpoint, in the form of c2sp.org/tlog-checkpoint: origin, size and root; and behind them, as lines of our own,
 * when it was made, which lines are new in it, and the peaks of the tree.
 */
export function encodeCheckpoint(checkpoint: Checkpoint): string {
  const { origin, size, root, time, from, firstTag, lastTag, peaks } = checkpoint
  return [
    origin,
    String(size),
    root.toString('base64'),
    `time ${new Date(time).toISOString()}`,
    `lines ${from} ${firstTag} ${lastTag}`,
    `peaks ${peaks.map((peak) => peak.toString('base64')).join(' ')}`,
    '',
  ].join('\n')
}

/** Throws CheckpointError where it is not one of ours, or does not fit itself. */
export function decodeCheckpoint(text: string): Checkpoint {
  const [origin = '', sizeText = '', rootText = '', time = '', lines = '', hashes = '', end] =
    text.split('\n')
  const [, from, firstTag, lastTag] = LINES.exec(lines) ?? []
  const peaks = (HASHES.exec(hashes)?.[1] ?? '')
    .split(' ')
    .slice(1)
    .map((hash) => Buffer.from(hash, 'base64'))
  const root = Buffer.from(rootText, 'base64')
  const size = Number(sizeText)
  const madeAt = Date.parse(time.replace(/^time /, ''))
  if (end !== '' || origin === '' || !SIZE.test(sizeText) || root.length !== HASH_SIZE)
    throw new CheckpointError('it is no checkpoint of an audit log')
  if (firstTag === undefined || lastTag === undefined || Number.isNaN(madeAt))
    throw new CheckpointError('it does not say which lines it is about')
  if (Number(from) >= size) throw new CheckpointError('it is about lines that it does not count')
  if (!treeOf(size, peaks).root().equals(root))
    throw new CheckpointError('its peaks have another root')
  return { origin, size, root, time: madeAt, from: Number(from), firstTag, lastTag, peaks }
}

function treeOf(size: number, peaks: readonly Buffer[]): MerkleTree {
  try {
    return new MerkleTree(size, peaks)
  } catch {
    throw new CheckpointError('its peaks are not those of its size')
  }
}

/** The notes of a file of checkpoints, one after the other; what is no note is one piece of text too. */
export function splitNotes(text: string): string[] {
  const notes: string[] = []
  let begin = 0
  const lines = text.matchAll(/^\u2014 .*\n(?!\u2014 )/gm)
  for (const { index, 0: line } of lines) {
    notes.push(text.slice(begin, index + line.length))
    begin = index + line.length
  }
  if (begin < text.length) notes.push(text.slice(begin))
  return notes
}
