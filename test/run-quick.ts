import process from 'node:process'
import { runTests } from './run-tests.ts'
import { inShards } from './shards.ts'
import { sharedFiles } from './shared-files.ts'

const preload = './test/few-properties.ts'
const jobs = inShards(sharedFiles().quick).map(files => ({ files, preload }))
process.exitCode = (await runTests(jobs)) ? 0 : 1
