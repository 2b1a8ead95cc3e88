import { describe } from 'node:test'
import { relayContract } from './relay.contract.ts'

describe('reading from the client into memory that is kept', () => relayContract(true))
describe('reading from the client into fresh memory', () => relayContract(false))
