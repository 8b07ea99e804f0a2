/** Starts the services that a task passes, in one process as with `npm start`. Then prints their URLs. */
import process from 'node:process'
import * as imageMaster from '@darkroom/image-master'
import * as kvConfig from '@darkroom/kv-config'
import { collectLessOften, createLogger, InProcessServices, loadConfig } from '@darkroom/service-kit'
import * as storage from '@darkroom/storage'
import * as taskDb from '@darkroom/task-db'
import { freePort } from '@darkroom/testing'

collectLessOften()
const kvPort = String(await freePort())
const shared = { ...process.env, KV_URL: `http://127.0.0.1:${kvPort}` }
const own = async () => ({ ...shared, PORT: String(await freePort()) })
const logger = createLogger('bench', 'error')
const inProcess = new InProcessServices()

await kvConfig.start(loadConfig(kvConfig.Config, { ...shared, PORT: kvPort }), logger)
const tasks = await taskDb.start(loadConfig(taskDb.Config, await own()), logger, inProcess)
await storage.start(loadConfig(storage.Config, await own()), logger, inProcess)
const master = await imageMaster.start(loadConfig(imageMaster.Config, await own()), logger, inProcess)
process.stdout.write(`${JSON.stringify({ taskDb: tasks.url, master: master.url })}\n`)
