import process from 'node:process'
import { quickFiles } from './quick-files.ts'
import { runTests } from './run-tests.ts'
import { inShards } from './shards.ts'

const preload = './test/few-properties.ts'
const jobs = inShards(quickFiles()).map(files => ({ files, preload }))
process.exitCode = (await runTests(jobs)) ? 0 : 1
