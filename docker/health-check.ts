import { readFileSync } from 'node:fs'
import { defaultPorts, serviceNames, serviceRoutes } from '../libs/contracts/src/service.ts'

/**
 * Exits 0 if this container's service is alive, or with the argument `ready`, if all it depends on answers too. Which
 * service that is, the container's first process was told.
 */
const told = readFileSync('/proc/1/cmdline', 'utf8').split('\0')
const service = serviceNames.find(name => told.includes(name)) ?? 'frontend'
const route = process.argv.includes('ready') ? serviceRoutes.readyz : serviceRoutes.healthz
const port = process.env.PORT || defaultPorts[service]
const answer = await fetch(`http://127.0.0.1:${port}${route.url}`)
process.stdout.write(await answer.text())
process.exitCode = answer.ok ? 0 : 1
