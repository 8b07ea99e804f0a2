import { setTimeout as delay } from 'node:timers/promises'
import { Type } from '@darkroom/contracts/typebox'
import { ServiceClients } from '../src/clients/service-clients.ts'
import { createApp } from '../src/http/create-app.ts'
import { runService } from '../src/process/run-service.ts'
import { startService } from '../src/process/start-service.ts'
import { commonSettings, portSetting } from '../src/settings/config.ts'

/** The smallest service, as a process: run-service.test.ts starts it. */
const Config = Type.Object({ ...commonSettings, port: portSetting(0), slowMs: Type.Integer({ default: 0 }) })

await runService(process, 'storage', Config, async (config, logger) => {
  const app = createApp({ ...config, name: 'storage', logger, checkReady: async () => undefined })
  app.get('/slow', async () => {
    process.stderr.write('slow has begun\n')
    await delay(config.slowMs)
    return 'ended'
  })
  const clients = new ServiceClients({ ...config, logger })
  const service = await startService({ app, name: 'storage', config, clients, logger })
  process.stderr.write(`${service.url}\n`)
  return service
})
