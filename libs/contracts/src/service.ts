import { DecodedTypes } from './optional-types.ts'
import { Problem } from './problem.ts'
import { defineRoute } from './route.ts'
import { Type } from './typebox/typebox.js'

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

/**
 * That of a cluster-state node, whose instance is its id and its run: two nodes of one id, where a data folder was
 * copied, stand side by side. Nodes of earlier versions tell neither, and their instance is their id.
 */
export const NodeRegistration = Type.Object({
  ...Registration.properties,
  dataCentre: Type.String(),
  id: Type.Optional(Type.String()),
  run: Type.Optional(Type.String({ description: 'Random, made anew with each start' })),
  since: Type.Optional(Type.String({ format: 'date-time', description: 'When it was started' })),
})

export function registrationPrefix(name: ServiceName): string {
  return `services/${name}/`
}

const Status = Type.Object({ status: Type.String() })

/** What every service answers, without a token but for the metrics. */
export const serviceRoutes = {
  healthz: defineRoute({
    method: 'GET',
    url: '/healthz',
    access: 'anyone',
    schema: { summary: 'The process is alive', response: { 200: Status } },
  }),
  readyz: defineRoute({
    method: 'GET',
    url: '/readyz',
    access: 'anyone',
    schema: { summary: 'All it depends on answers', response: { 200: Status, 503: Problem } },
  }),
  metrics: defineRoute({
    method: 'GET',
    url: '/metrics',
    access: 'anyone', // of the frontend: a token of the cluster
    schema: { summary: 'Prometheus metrics', response: { 200: Type.String() } },
  }),
}
