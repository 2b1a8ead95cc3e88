/** A worker for the tests of how log lines travel: writes numbered lines as fast as it can, and dies in the middle of one. */
import { writeSync } from 'node:fs'
import { DescriptorSink } from '../../observe/index.ts'
import { LOG_DESCRIPTOR } from '../worker-process.ts'

const sink = new DescriptorSink(LOG_DESCRIPTOR)
for (let i = 0; i < 20_000; i++) sink.write(`line ${i} ${'ü'.repeat(100)}\n`)
writeSync(LOG_DESCRIPTOR, 'cut')
process.kill(process.pid, 'SIGKILL')
