import { nodePrimitives } from './node.ts'
import { testPrimitives } from './primitives.contract.ts'

testPrimitives('node:crypto', nodePrimitives)
