import { Type } from 'typebox'
import { DecodedTypes } from './optional-types.ts'
import { Problem } from './problem.ts'
import { defineRoute } from './route.ts'

/** The services by the name under which they register. */
export const serviceNames = [
  'cluster-state',
  'frontend',
  'image-master',
  'image-worker',
  'kv-config',
  'storage',
  'task-db',
] as const
export type ServiceName = (typeof serviceNames)[number]

export const defaultPorts: Readonly<Record<ServiceName, number>> = {
  frontend: 8080,
  'image-master': 8081,
  'kv-config': 8082,
  storage: 8083,
  'task-db': 8084,
  'cluster-state': 8085,
  'image-worker': 8086,
}

/** Value of `services/<name>/<instance>` in kv-config, as JSON. */
export const Registration = Type.Object({ url: Type.String({ format: 'uri' }) })

/** That of a worker. */
export const WorkerRegistration = Type.Object({
  ...Registration.properties,
  decodes: Type.Optional(DecodedTypes),
})

/** That of a cluster-state node, whose instance is its id. */
export const NodeRegistration = Type.Object({ ...Registration.properties, dataCentre: Type.String() })

export function registrationPrefix(name: ServiceName): string {
  return `services/${name}/`
}

const Status = Type.Object({ status: Type.String() })

/** What every service answers, without a token but for the metrics. */
export const serviceRoutes = {
  healthz: defineRoute({
    method: 'GET',
    url: '/healthz',
    schema: { summary: 'The process is alive', response: { 200: Status } },
  }),
  readyz: defineRoute({
    method: 'GET',
    url: '/readyz',
    schema: { summary: 'All it depends on answers', response: { 200: Status, 503: Problem } },
  }),
  metrics: defineRoute({
    method: 'GET',
    url: '/metrics',
    schema: { summary: 'Prometheus metrics', response: { 200: Type.String() } },
  }),
}
