import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import {
  clusterStateRoutes,
  codesOf,
  commonProblems,
  defaultPorts,
  frontendRoutes,
  imageMasterRoutes,
  isBytes,
  kvConfigRoutes,
  problemCode,
  problemRemedies,
  problemType,
  type Route,
  serviceNames,
  serviceRoutes,
  storageRoutes,
  taskDbRoutes,
} from '../src/index.ts'
import { Compile, type TSchema } from '../src/typebox/typebox.js'

const services: Record<string, Record<string, Route>> = {
  'cluster-state': clusterStateRoutes,
  frontend: frontendRoutes,
  'image-master': imageMasterRoutes,
  'kv-config': kvConfigRoutes,
  storage: storageRoutes,
  'task-db': taskDbRoutes,
  'every service': serviceRoutes,
}

for (const [service, routes] of Object.entries(services)) {
  suite(`the routes of ${service}`, () => {
    test(`the routes of ${service} are all different, and differ from the routes that every service has`, () => {
      const all = [
        ...Object.values(routes),
        ...(routes === serviceRoutes ? [] : Object.values(serviceRoutes)),
      ]
      const named = all.map(({ method, url }) => `${method} ${url.replace(/:\w+/g, ':')}`)
      assert.deepEqual(named, [...new Set(named)])
    })

    for (const [name, route] of Object.entries(routes)) {
      test(`${name} is well-formed`, () => {
        assert.match(route.url, /^(\/[A-Za-z-]+|\/:[a-z]+)*(\/\*)?$|^\/$/)
        assert.match(route.schema.summary, /^[A-Z`].*[^.]$/)
        assert.deepEqual(propertiesOf(route.schema.params), placeholdersOf(route.url))
        checkBody(route)
        const statuses = Object.keys(route.schema.response).map(Number)
        assert.ok(statuses.some(status => status >= 200 && status < 300))
        for (const part of [route.schema.params, route.schema.querystring, route.schema.headers])
          if (part) Compile(part)
        for (const schema of Object.values(route.schema.response)) Compile(schema)
        const headers = propertiesOf(route.schema.headers)
        assert.deepEqual(
          headers,
          headers.map(header => header.toLowerCase()),
          'Node passes headers in lower case',
        )
      })
    }
  })
}

function propertiesOf(schema: TSchema | undefined): string[] {
  return schema && 'properties' in schema ? Object.keys(Object(schema.properties)).sort() : []
}

function placeholdersOf(url: string): string[] {
  return [...url.matchAll(/:([a-z]+)|\*/gi)].map(([all, name]) => name ?? all).sort()
}

function checkBody({ method, schema: { body } }: Route): void {
  if (body === undefined) return
  assert.ok(['POST', 'PUT', 'PATCH'].includes(method), `${method} has no body`)
  if (!isBytes(body)) Compile(body)
}

test('each service has its own port', () => {
  assert.deepEqual(Object.keys(defaultPorts).sort(), [...serviceNames].sort())
  assert.equal(new Set(Object.values(defaultPorts)).size, serviceNames.length)
})

test('every error of the public API declares the types of its problems, and each type has an advice', () => {
  const routes: Record<string, Route> = { ...serviceRoutes, ...frontendRoutes }
  for (const [name, { schema }] of Object.entries(routes))
    for (const [status, answer] of Object.entries(schema.response))
      if (Number(status) >= 400) assert.ok(codesOf(answer)?.length, `${name} ${status}`)
  const used = new Set([
    ...Object.values(commonProblems).flat(),
    ...Object.values(routes).flatMap(({ schema }) =>
      Object.values(schema.response).flatMap(answer => codesOf(answer) ?? []),
    ),
  ])
  assert.deepEqual(Object.keys(problemRemedies).sort(), [...used].sort())
})

test('the code of a problem is read from its type, and only from Darkroom’s own', () => {
  assert.equal(problemCode({ type: problemType('too-large') }), 'too-large')
  assert.equal(problemCode({ type: 'about:blank' }), undefined)
})
