import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import {
  consistencyRanges,
  inclusionRanges,
  leafHash,
  MerkleTree,
  type Range,
  RangeRoots,
  verifyConsistency,
  verifyInclusion,
} from './merkle.ts'

// The leaves and roots of the test of Certificate Transparency (google/certificate-transparency, merkle_tree_test).
const inputs = [
  '',
  '00',
  '10',
  '2021',
  '3031',
  '40414243',
  '5051525354555657',
  '606162636465666768696a6b6c6d6e6f',
].map((hex) => leafHash(Buffer.from(hex, 'hex')))
const roots = [
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
]

const SIZE_MAX = 40
const leaves = Array.from({ length: SIZE_MAX }, (_, at) => leafHash(Buffer.from(`line ${at}`)))

test('roots are those of Certificate Transparency', () => {
  const tree = new MerkleTree()
  assert.equal(tree.root().toString('hex'), createHash('sha256').digest('hex'))
  for (const [at, input] of inputs.entries()) {
    tree.append(input)
    assert.equal(tree.root().toString('hex'), roots[at])
  }
})

test('a tree goes on from its peaks, at every size', () => {
  for (let cut = 0; cut <= SIZE_MAX; cut++) {
    const before = treeOf(leaves.slice(0, cut))
    const tree = new MerkleTree(before.size, before.peaks)
    for (const leaf of leaves.slice(cut)) tree.append(leaf)
    assert.deepEqual(tree.root(), treeOf(leaves).root(), `cut at ${cut}`)
  }
  assert.throws(() => new MerkleTree(3, [leaves[0]!]), TypeError)
})

test('every leaf of every tree is proved, and no other leaf, place or tree is', () => {
  for (let size = 1; size <= SIZE_MAX; size++) {
    const head = { size, root: treeOf(leaves.slice(0, size)).root() }
    for (let index = 0; index < size; index++) {
      const path = rootsOf(inclusionRanges(index, size))
      const leaf = leaves[index]!
      assert.ok(verifyInclusion(leaf, index, head, path), `${index} of ${size}`)
      assert.ok(!verifyInclusion(leafHash(Buffer.from('other')), index, head, path))
      assert.ok(!verifyInclusion(leaf, (index + 1) % (size + 1), head, path))
      assert.ok(!verifyInclusion(leaf, index, head, [...path, leaf]))
      if (path.length > 0) assert.ok(!verifyInclusion(leaf, index, head, path.slice(1)))
      assert.ok(!verifyInclusion(leaf, index, { size, root: leaf.map((byte) => byte ^ 1) }, path))
    }
  }
})

test('every tree is proved to begin with every older one, and with no other', () => {
  for (let size = 1; size <= SIZE_MAX; size++) {
    const newer = { size, root: treeOf(leaves.slice(0, size)).root() }
    for (let before = 1; before <= size; before++) {
      const older = { size: before, root: treeOf(leaves.slice(0, before)).root() }
      const path = rootsOf(consistencyRanges(before, size))
      assert.ok(verifyConsistency(older, newer, path), `${before} in ${size}`)
      const forged = { size: before, root: treeOf(leaves.slice(1, before + 1)).root() }
      assert.ok(!verifyConsistency(forged, newer, path), `forged ${before} in ${size}`)
      assert.ok(!verifyConsistency(older, { size, root: forged.root }, path) || size === before)
      assert.ok(!verifyConsistency(older, newer, [...path, leaves[0]!]))
    }
  }
  const one = { size: 1, root: leaves[0]! }
  assert.ok(!verifyConsistency({ size: 2, root: one.root }, one, []))
})

test('a range whose leaves have not all gone by has no root', () => {
  const roots = new RangeRoots([{ from: 0, to: 2 }])
  roots.leaf(leaves[0]!)
  assert.equal(roots.roots(), null)
})

function treeOf(some: readonly Buffer[]): MerkleTree {
  const tree = new MerkleTree()
  for (const leaf of some) tree.append(leaf)
  return tree
}

function rootsOf(ranges: readonly Range[]): readonly Buffer[] {
  const roots = new RangeRoots(ranges)
  for (const leaf of leaves) roots.leaf(leaf)
  return roots.roots() ?? assert.fail('leaves are missing')
}
