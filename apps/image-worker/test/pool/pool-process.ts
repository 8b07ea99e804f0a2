// A process that has a pool of two threads until it is killed.
import process from 'node:process'
import { logger } from '@darkroom/image-master/testing'
import { ServiceClients } from '@darkroom/service-kit'
import { startPool } from './start-pool.ts'

const kvUrl = String(process.argv[2])
const clients = new ServiceClients({ kvUrl, logger })
startPool({ clients, env: { KV_URL: kvUrl }, defer: () => undefined }, { threads: 2 })
