import { DecodedTypes } from './optional-types.ts'
import { problems } from './problem-types.ts'
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
export const Registration = Type.Object({
  url: Type.String({ format: 'url', pattern: '^[Hh][Tt][Tt][Pp][Ss]?:' }),
  engine: Type.Optional(Type.String({ description: 'Where the service keeps its data, such as sqlite' })),
})

/** The registration of a worker. */
export const WorkerRegistration = Type.Object({
  ...Registration.properties,
  decodes: Type.Optional(DecodedTypes),
  worker: Type.Optional(
    Type.String({ description: "The name of the worker, with which its threads' names begin" }),
  ),
  threads: Type.Optional(Type.Integer({ minimum: 1 })),
})

/**
 * The registration of a cluster-state node. The name of the instance consists of the node's id and its `run`, so that
 * two nodes with the same id (after a data folder was copied) are both listed. Nodes of earlier versions have neither
 * `run` nor `since`, and the name of their instance is their id.
 */
export const NodeRegistration = Type.Object({
  ...Registration.properties,
  dataCentre: Type.String(),
  id: Type.Optional(Type.String()),
  run: Type.Optional(Type.String({ description: 'Random, different for each start' })),
  since: Type.Optional(Type.String({ format: 'date-time', description: 'When the node was started' })),
})

/** All services register below this prefix. */
export const registrationsPrefix = 'services/'

export function registrationPrefix(name: ServiceName): string {
  return `${registrationsPrefix}${name}/`
}

const Status = Type.Object({ status: Type.String() })

/** The routes that every service has. Only the metrics need a token. */
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
    schema: {
      summary: 'The service and everything it depends on can answer',
      response: { 200: Status, 503: problems('unavailable') },
    },
  }),
  metrics: defineRoute({
    method: 'GET',
    url: '/metrics',
    access: 'anyone', // no API key is needed, but the cluster token
    schema: {
      summary: 'Prometheus metrics',
      response: { 200: Type.String(), 401: problems('unauthorized') },
    },
  }),
}
