import { defaultPorts, serviceNames, serviceRoutes } from '../libs/contracts/src/service.ts'

/** A line for each service, for health-check.sh: its name, its port, where it says that it is alive, and ready. */
const { healthz, readyz } = serviceRoutes
for (const name of serviceNames)
  process.stdout.write(`${name} ${defaultPorts[name]} ${healthz.url} ${readyz.url}\n`)
