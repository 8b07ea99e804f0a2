import { defaultPorts, serviceNames, serviceRoutes } from '../libs/contracts/src/service.ts'

/** Prints a line for each service, for health-check.sh: name, port, and the paths of its two health checks. */
const { healthz, readyz } = serviceRoutes
for (const name of serviceNames)
  process.stdout.write(`${name} ${defaultPorts[name]} ${healthz.url} ${readyz.url}\n`)
