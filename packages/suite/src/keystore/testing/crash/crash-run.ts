import assert from 'node:assert/strict'
import { generateKeyPair } from '@acra-ts/crypto'
import { nodePrimitives } from '@acra-ts/crypto/node'
import type { StoreVersion } from '../../master-key/key-wrapper.ts'
import { storageOf } from '../../place.ts'
import { contentOf, hex, layouts, restoreContent, secretsOf } from '../stores.ts'
import type { Change } from './changes.ts'
import {
  type Fault,
  faults,
  LOOKS,
  type Outcome,
  type Point,
  pointsOf,
  runWithFault,
  type Work,
} from './injection.ts'

const here = (path: string) => JSON.stringify(new URL(path, import.meta.url).href)
const peerKey = hex(generateKeyPair(nodePrimitives).publicKey)

/** How many points were tried, by what became of the change. */
export type Tally = Record<Outcome, number>

/**
 * Makes a change in processes of their own, each with a fault in the place of one system call that changes a file, and checks after each that the store opens,
 * holds the old keys or the new ones, and takes the next change. `stride` tries every n-th point alone.
 */
export async function crashRun(
  version: StoreVersion,
  folder: string,
  change: Change,
  stride = 1,
): Promise<Tally> {
  const open = async () => layouts[version].open(await storageOf({ folder }, version)).keystore
  const keystore = await open()
  // A store that is there has another key, that no fault may touch.
  const bystander = { purpose: 'audit-log', owner: null } as const
  if (change.versions > 0) await keystore.generate(bystander)
  for (let round = 0; round < change.versions; round++) await keystore.generate(change.ref)
  const start = change.versions > 0 ? contentOf(folder) : {}
  restoreContent(folder, start)
  const before = await secretsOf(await open(), change.ref)
  const standing = await secretsOf(await open(), bystander)
  const work = workOf(version, folder, change)
  const points = await pointsOf(work, () => restoreContent(folder, start))
  const tally: Tally = { done: 0, failed: 0, killed: 0 }
  let turn = 0
  for (const fault of Object.keys(faults) as Fault[]) // Object.keys forgets the type of the keys.
    for (const point of points) {
      if (turn++ % stride !== 0) continue
      const outcome = await outcomeOf(work, point, fault, () => restoreContent(folder, start))
      tally[outcome]++
      const at = `${version}, ${change.name}: ${fault} in ${point.syscall} ${point.occurrence}`
      const reopened = await open()
      const found = await secretsOf(reopened, change.ref)
      assert.ok(isWhole(change, before, found), `${at}: ${found.length} versions`)
      if (outcome === 'done') assert.ok(change.isDone(before, found), at)
      assert.deepEqual(await secretsOf(reopened, bystander), standing, at)
      await reopened.generate(change.ref)
      assert.deepEqual((await secretsOf(reopened, change.ref)).slice(1), found, at)
      const leftovers = Object.keys(contentOf(folder)).filter((path) => path.includes('.acra-ts-'))
      assert.deepEqual(leftovers, [], at)
    }
  return tally
}

/** Nobody goes on who was killed: then the fault hit another thread, as it may on a busy machine, and is tried again. */
async function outcomeOf(
  work: Work,
  point: Point,
  fault: Fault,
  restore: () => void,
): Promise<Outcome> {
  for (let look = 1; ; look++) {
    restore()
    const outcome = await runWithFault(work, point, fault)
    if (fault !== 'SIGKILL' || outcome !== 'done' || look === LOOKS) return outcome
  }
}

function isWhole(change: Change, before: readonly string[], found: readonly string[]): boolean {
  if (before.join() === found.join() || change.isDone(before, found)) return true
  if (change.wanted === undefined) return false
  return [before, change.wanted].some((all) => all.every((secret) => found.includes(secret)))
}

function workOf(version: StoreVersion, folder: string, { call }: Change): Work {
  const setup = `
    const { layouts } = await import(${here('../stores.js')})
    const { storageOf } = await import(${here('../../place.js')})
    const { keystore } = layouts.${version}.open(await storageOf({ folder }, '${version}'))
    const peerKey = Buffer.from('${peerKey}', 'hex')
  `
  return { folder, setup, code: `await keystore.${call}` }
}
