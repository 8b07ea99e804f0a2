import type { IncomingHttpHeaders } from 'node:http'
import { bareRegister, clusterStateRoutes, type RegisterRead } from '@darkroom/contracts'
import type { Json, RegisterEntry } from '@darkroom/crdt'
import { type App, acceptJson, PageCursors, ServiceProblem } from '@darkroom/service-kit'
import { maxValueBytes, valueBytes } from '../node/inspect-entries.ts'
import type { StateNode } from '../node/state-node.ts'
import { refuse, throwProblem } from '../node-problems.ts'
import { pageOf } from './page-of.ts'
import { parseValue } from './parse-value.ts'

/** The limit for a request that sets a register. White space and escapes may make it longer than the value. */
const maxBodyBytes = 8 * maxValueBytes
const cursors = new PageCursors('registers')

export function addRegisterRoutes(app: App, node: StateNode): void {
  acceptJson(app, parseBody)
  const set = async (name: string, value: Json | undefined) => {
    const outcome = await node.setRegister(name, value).catch(throwProblem)
    if (outcome.kind !== 'written') refuse(outcome, `the register ${name}`)
    return outcome.register
  }
  const notify = async (name: string, value: Json, { generation, notifier }: Notification) => {
    const register = { generation: readWhole(generation, maxNotifiedGeneration), writer: notifier, value }
    const outcome = await node.notifyRegister(name, register).catch(throwProblem)
    if (outcome.kind !== 'written') refuse(outcome, `the register ${name}`)
    return outcome.register
  }

  app.route({ ...clusterStateRoutes.getValue, handler: async () => String(read(node, bareRegister).value) })

  for (const route of [clusterStateRoutes.setValue, clusterStateRoutes.setValueByGet]) {
    app.route({
      ...route,
      exposeHeadRoute: false, // a HEAD would set the register, too
      handler: async ({ params }) => textOf(await set(bareRegister, readWhole(params.value))),
    })
  }

  app.route({
    ...clusterStateRoutes.notifyValue,
    handler: async ({ params, query }) =>
      textOf(await notify(bareRegister, readWhole(params.value), { ...params, ...query })),
  })

  app.route({
    ...clusterStateRoutes.getRegister,
    handler: async ({ params }, reply) => withEtag(reply, read(node, params.name)),
  })

  app.route({
    ...clusterStateRoutes.putRegister,
    bodyLimit: maxBodyBytes,
    handler: async ({ params: { name }, body, headers }, reply) => {
      const value = checkValue(name, isEmpty(headers) ? undefined : body)
      return withEtag(reply, toRead(await set(name, value)))
    },
  })

  app.route({
    ...clusterStateRoutes.deleteRegister,
    handler: async ({ params: { name } }, reply) => {
      if (node.state.register(name)?.value !== undefined) await set(name, undefined)
      return reply.code(204).send()
    },
  })

  for (const route of [clusterStateRoutes.setRegister, clusterStateRoutes.setRegisterByGet]) {
    app.route({
      ...route,
      exposeHeadRoute: false,
      handler: async ({ params: { name, value } }, reply) =>
        withEtag(reply, toRead(await set(name, checkValue(name, readText(value))))),
    })
  }

  app.route({
    ...clusterStateRoutes.notifyRegister,
    handler: async ({ params, query }, reply) => {
      const value = checkValue(params.name, readText(params.value))
      const register = await notify(params.name, value, { ...params, ...query })
      return withEtag(reply, toRead(register))
    },
  })

  app.route({
    ...clusterStateRoutes.listRegisters,
    handler: async ({ query }) => {
      const set = [...node.state.registerNames()].filter(name => isSet(node.state.register(name)))
      const { names, ...next } = pageOf(set, query, cursors)
      return { registers: names.map(name => read(node, name)), ...next }
    },
  })
}

/** Fastify's body is null without a body, but also for the JSON `null`. */
function isEmpty(headers: IncomingHttpHeaders): boolean {
  return headers['transfer-encoding'] === undefined && Number(headers['content-length'] ?? 0) === 0
}

interface Notification {
  generation: string
  notifier: string
}

/** Half of all generations, so that the other half is left for writes after a notification. */
const maxNotifiedGeneration = 2 ** 52

function isSet(register: RegisterEntry | undefined): register is RegisterEntry & { value: Json } {
  return register?.value !== undefined
}

function read(node: StateNode, name: string): RegisterRead {
  return toRead(node.state.register(name), name)
}

/** @throws ServiceProblem 404 for a register that was deleted or never set */
function toRead(register: RegisterEntry | undefined, name = register?.name): RegisterRead {
  if (!isSet(register)) throw new ServiceProblem(404, 'register-not-set', `the register ${name} is not set`)
  const { value, generation, writer } = register
  return { name: register.name, value, generation, writer }
}

function withEtag(
  reply: { header(name: string, value: string): unknown },
  register: RegisterRead,
): RegisterRead {
  reply.header('etag', `"${register.generation}-${register.writer}"`)
  return register
}

function textOf(register: RegisterEntry): string {
  return String(toRead(register).value)
}

/** @throws ServiceProblem 400 for a number that a double can't represent, or that is larger than the limit */
function readWhole(text: string, max = Number.MAX_SAFE_INTEGER): number {
  const value = Number(text)
  if (Number.isSafeInteger(value) && value <= max && !Object.is(value, -0)) return value
  throw new ServiceProblem(400, 'invalid-request', `${text} must be a whole number from ${-max} to ${max}`)
}

/** The text as JSON if it is valid JSON, otherwise as a string. @throws ServiceProblem 400 */
function readText(text: string): Json {
  try {
    return parseValue(text)
  } catch (error) {
    if (error instanceof SyntaxError) return text
    throw error
  }
}

/** @throws ServiceProblem 400 */
function parseBody(text: string): Json {
  try {
    return parseValue(text)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    throw new ServiceProblem(400, 'invalid-request', `the body is not JSON: ${error.message}`)
  }
}

/** @throws ServiceProblem 400, 413 */
function checkValue(name: string, value: unknown): Json {
  if (value === undefined) throw new ServiceProblem(400, 'invalid-request', 'the body must be a JSON value')
  if (name === bareRegister && !Number.isSafeInteger(value)) {
    throw new ServiceProblem(
      400,
      'invalid-request',
      `the register ${name} accepts only whole numbers, such as 42`,
    )
  }
  const bytes = valueBytes(value)
  if (bytes <= maxValueBytes) return value as Json
  throw new ServiceProblem(
    413,
    'too-large',
    `the value has ${bytes} bytes; at most ${maxValueBytes} are allowed`,
  )
}
