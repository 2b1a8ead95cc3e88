import { AcraError } from '../../../foundation/index.ts'
import { type AuditFormat, AuditLineError, lineForms } from '../lines.ts'
import {
  consistencyRanges,
  inclusionRanges,
  leafHash,
  MerkleTree,
  type Range,
  RangeRoots,
  verifyConsistency,
  verifyInclusion,
} from '../merkle.ts'
import type { NoteVerifier } from '../signed-note.ts'
import { openCheckpoint, type SignedCheckpoint } from './history.ts'
import { linesOf } from './log-files.ts'

/** A proof that cannot be given, or shows nothing. */
export class ProofError extends AcraError<'audit-proof-invalid'> {
  constructor(message: string) {
    super('audit-proof-invalid', message)
  }
}

/** Shows that a line stands in a log, or that a log has grown out of another one; with its checkpoints, and to be checked by a public key alone. */
export type Proof =
  | {
      readonly kind: 'inclusion'
      readonly checkpoint: string
      /** The number of the line in the whole history, from 0. */
      readonly index: number
      readonly line: string
      /** Base64. */
      readonly hashes: readonly string[]
    }
  | {
      readonly kind: 'consistency'
      readonly older: string
      readonly newer: string
      readonly hashes: readonly string[]
    }

interface LogSettings {
  /** From the first line of the history on. */
  readonly files: readonly string[]
  readonly format: AuditFormat
}

/** Proves a line, by its number among all lines of the files, counted from 1. Throws ProofError. */
export async function proveLine(
  log: LogSettings,
  lineNumber: number,
  history: readonly SignedCheckpoint[],
): Promise<Proof> {
  const { index, line, begin } = await findLine(log, lineNumber, history)
  const signed = history.find(
    ({ checkpoint }, at) => at >= begin && checkpoint.from <= index && index < checkpoint.size,
  )
  if (signed === undefined) throw new ProofError('no checkpoint has this line yet')
  const ranges = inclusionRanges(index, signed.checkpoint.size)
  const hashes = await rootsOf(log, ranges, history[begin]!, signed)
  return { kind: 'inclusion', checkpoint: signed.note, index, line, hashes }
}

/** Proves that the log of the last checkpoint has grown out of that of an older one. Throws ProofError. */
export async function proveHistory(
  log: LogSettings,
  older: SignedCheckpoint,
  history: readonly SignedCheckpoint[],
): Promise<Proof> {
  const { origin, size } = older.checkpoint
  const own = history.filter(({ checkpoint }) => checkpoint.origin === origin)
  const newer = own.at(-1)
  if (newer === undefined || newer.checkpoint.size < size)
    throw new ProofError('there is no newer checkpoint of the same history')
  const ranges = consistencyRanges(size, newer.checkpoint.size)
  const hashes = await rootsOf(log, ranges, own[0]!, newer)
  const proof: Proof = { kind: 'consistency', older: older.note, newer: newer.note, hashes }
  if (!holds(proof, older.checkpoint, newer.checkpoint))
    throw new ProofError('the two checkpoints are not of one history')
  return proof
}

/** Checks a proof by the public key alone. Throws NoteError, CheckpointError or ProofError where it shows nothing. */
export function checkProof(proof: Proof, verifiers: readonly NoteVerifier[]): void {
  if (proof.kind === 'consistency') {
    const older = openCheckpoint(proof.older, verifiers)
    const newer = openCheckpoint(proof.newer, verifiers)
    if (older.origin !== newer.origin || !holds(proof, older, newer))
      throw new ProofError('the two checkpoints are not of one history')
    return
  }
  const checkpoint = openCheckpoint(proof.checkpoint, verifiers)
  const leaf = leafHash(Buffer.from(proof.line))
  if (!verifyInclusion(leaf, proof.index, checkpoint, bytesOf(proof)))
    throw new ProofError('the line is not in the log of this checkpoint')
}

type Head = Parameters<typeof verifyConsistency>[0]

function holds(proof: Proof, older: Head, newer: Head): boolean {
  return verifyConsistency(older, newer, bytesOf(proof))
}

function bytesOf({ hashes }: Proof): Buffer[] {
  return hashes.map((hash) => Buffer.from(hash, 'base64'))
}

/** The line, its number in its history, and the first checkpoint of that. */
async function findLine(
  log: LogSettings,
  wanted: number,
  history: readonly SignedCheckpoint[],
): Promise<{ line: string; index: number; begin: number }> {
  const begins = new Map(
    history.flatMap(({ checkpoint: { from, firstTag } }, at) =>
      from === 0 ? [[firstTag, at] as const] : [],
    ),
  )
  let number = 0
  let index = -1
  let begin = -1
  for await (const { bytes, tag } of signedLines(log)) {
    number++
    if (tag === null) {
      if (number === wanted) throw new ProofError('the line has no tag: it is not in the audit log')
      continue
    }
    index++
    const first = begins.get(tag)
    if (first !== undefined) {
      begin = first
      index = 0
    }
    if (number !== wanted) continue
    if (begin === -1)
      throw new ProofError(
        'the first line of the history is not in these files: name the rotated ones too',
      )
    return { line: textOf(bytes), index, begin }
  }
  throw new ProofError(`there is no line ${wanted}`)
}

/** The roots of ranges of a history that begins with the first lines of `first`. */
async function rootsOf(
  log: LogSettings,
  ranges: readonly Range[],
  { checkpoint: first }: SignedCheckpoint,
  { checkpoint: last }: SignedCheckpoint,
): Promise<readonly string[]> {
  const roots = new RangeRoots(ranges)
  const tree = new MerkleTree()
  for await (const { bytes, tag } of signedLines(log)) {
    if (tag === null || (tree.size === 0 && tag !== first.firstTag)) continue
    const leaf = leafHash(bytes)
    tree.append(leaf)
    roots.leaf(leaf)
    if (tree.size === last.size) break
  }
  const found = roots.roots()
  if (first.from !== 0 || found === null || !tree.root().equals(last.root))
    throw new ProofError(
      'the lines of the log are not those of the checkpoint: verify it, and name the rotated files too',
    )
  return found.map((root) => root.toString('base64'))
}

async function* signedLines({ files, format }: LogSettings) {
  for (const file of files)
    for await (const lines of linesOf(file))
      for (const bytes of lines) yield { bytes, tag: tagOf(bytes, format) }
}

function tagOf(bytes: Buffer, format: AuditFormat): string | null {
  if (bytes.length === 0) return null
  try {
    return lineForms[format].signed(bytes)?.tag.toString('hex') ?? null
  } catch (error) {
    if (error instanceof AuditLineError) return null
    throw error
  }
}

function textOf(bytes: Buffer): string {
  const text = bytes.toString()
  if (Buffer.from(text).equals(bytes)) return text
  throw new ProofError('the line is not UTF-8: it cannot be part of a proof')
}
