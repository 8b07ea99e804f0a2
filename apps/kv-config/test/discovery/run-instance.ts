// Registers an instance in the kv-config at argv[2] until it is killed.
import { startInstance } from './start-instance.ts'

const { url } = await startInstance(String(process.argv[2]), 1)
process.stdout.write(`${url}\n`)
