import type { IncomingHttpHeaders } from 'node:http'
import { clusterStateRoutes, type RegisterRead } from '@darkroom/contracts'
import { type App, acceptJson, PageCursors } from '@darkroom/service-kit'
import { maxValueBytes } from '../node/inspect-entries.ts'
import type { StateNode } from '../node/state-node.ts'
import { NodeRegisters } from './node-registers.ts'
import { pageOf } from './page-of.ts'
import { checkValue, parseBody, readText } from './register-value.ts'
import { addValueRoutes } from './value.ts'

/** The limit for a request that sets a register. White space and escapes may make it longer than the value. */
const maxBodyBytes = 8 * maxValueBytes
const cursors = new PageCursors('registers')

export function addRegisterRoutes(app: App, node: StateNode): void {
  acceptJson(app, parseBody)
  const registers = new NodeRegisters(node)
  addValueRoutes(app, registers)
  addNamedRoutes(app, registers)
  addSetByPathRoutes(app, registers)
}

function addNamedRoutes(app: App, registers: NodeRegisters): void {
  app.route({
    ...clusterStateRoutes.getRegister,
    handler: async ({ params }, reply) => withEtag(reply, registers.read(params.name)),
  })

  app.route({
    ...clusterStateRoutes.putRegister,
    bodyLimit: maxBodyBytes,
    handler: async ({ params: { name }, body, headers }, reply) => {
      const value = checkValue(name, isEmpty(headers) ? undefined : body)
      return withEtag(reply, await registers.set(name, value))
    },
  })

  app.route({
    ...clusterStateRoutes.deleteRegister,
    handler: async ({ params }, reply) => {
      await registers.delete(params.name)
      return reply.code(204).send()
    },
  })

  app.route({
    ...clusterStateRoutes.listRegisters,
    handler: async ({ query }) => {
      const { names, ...next } = pageOf(registers.names(), query, cursors)
      return { registers: names.map(name => registers.read(name)), ...next }
    },
  })
}

/** The routes that have the value in their path. */
function addSetByPathRoutes(app: App, registers: NodeRegisters): void {
  for (const route of [clusterStateRoutes.setRegister, clusterStateRoutes.setRegisterByGet]) {
    app.route({
      ...route,
      exposeHeadRoute: false, // a HEAD would set the register, too
      handler: async ({ params: { name, value } }, reply) =>
        withEtag(reply, await registers.set(name, checkValue(name, readText(value)))),
    })
  }

  app.route({
    ...clusterStateRoutes.notifyRegister,
    handler: async ({ params, query }, reply) => {
      const value = checkValue(params.name, readText(params.value))
      return withEtag(reply, await registers.notify(params.name, value, { ...params, ...query }))
    },
  })
}

/** Fastify's body is null without a body, but also for the JSON `null`. */
function isEmpty(headers: IncomingHttpHeaders): boolean {
  return headers['transfer-encoding'] === undefined && Number(headers['content-length'] ?? 0) === 0
}

function withEtag(
  reply: { header(name: string, value: string): unknown },
  register: RegisterRead,
): RegisterRead {
  reply.header('etag', `"${register.generation}-${register.writer}"`)
  return register
}
