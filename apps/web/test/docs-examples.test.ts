import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { frontendRoutes, isBytes, type Route } from '@darkroom/contracts'
import { Compile, type TSchema } from '@darkroom/contracts/typebox'
import { serveHttp } from '@darkroom/testing'
import { exampleBody, examplesOf } from '../build/docs/examples.ts'
import { tryForm } from '../build/docs/try-form.ts'

const routes: [string, Route][] = Object.entries(frontendRoutes)

test('the examples of the docs send bodies that the routes accept', () => {
  for (const [name, route] of routes) {
    const { body } = route.schema
    if (body && !isBytes(body)) assert.ok(Compile(body).Check(exampleBody(name, route)), name)
  }
})

test('the examples of the docs send every query parameter that is required, whatever its text is', async t => {
  const urls: string[] = []
  const { url: server } = await serveHttp(t, ({ url = '' }, response) => {
    urls.push(url)
    response.end('{}')
  })
  const text = 'a b&c=d+e#f%ü'
  for (const [name, route] of routes) {
    const { required = [] } = (route.schema.querystring ?? {}) as TSchema & { required?: string[] }
    if (required.length === 0) continue
    const [curl = '', script = ''] = [...examplesOf(name, route).matchAll(/<code>(.*?)<\/code>/gs)].map(
      ([, code = '']) => code.replace(/&(quot|amp|lt|gt);/g, entity => entities[entity] ?? entity),
    )
    const variables = Object.fromEntries(required.map(parameter => [parameter, text]))
    const command = curl.replace('http://127.0.0.1:8080', server).replace('-f -O -J', '-f -o /dev/null')
    await promisify(execFile)('sh', ['-c', `${command} -s`], { env: { ...process.env, ...variables } })
    await new Function('darkroom', 'key', ...required, `return (async () => { ${script} })()`)(
      ...[server, 'key', ...required.map(() => text)],
    )
    for (const sent of urls.splice(0))
      assert.deepEqual(Object.fromEntries(new URL(sent, server).searchParams), variables, name)
  }
})

const entities: Readonly<Record<string, string>> = { '&quot;': '"', '&amp;': '&', '&lt;': '<', '&gt;': '>' }

test('the examples of the docs read responses as events, bytes, text or JSON', () => {
  const example = (name: keyof typeof frontendRoutes) => examplesOf(name, frontendRoutes[name])
  assert.match(example('followImages'), /curl[\s\S]*-N[\s\S]*TextDecoderStream/)
  assert.match(example('getArchive'), /-O -J[\s\S]*response\.blob\(\)/)
  assert.match(example('isReady'), /response\.text\(\)/)
  assert.match(example('getImage'), /response\.json\(\)/)
  assert.match(example('getUpload'), /curl[\s\S]*-I/) // -X HEAD would wait for a body
  assert.doesNotMatch(example('deleteImage'), /response\./)
})

test('the examples of links and of the features of tus send no key', () => {
  for (const [name, route] of routes)
    assert.equal(/authorization/i.test(examplesOf(name, route)), route.access !== 'anyone', name)
})

test('the forms of the docs have no field for Priority, which is ignored from browsers', () => {
  const form = tryForm('uploadImage', frontendRoutes.uploadImage)
  assert.match(form, /name="prefer"/)
  assert.doesNotMatch(form, /name="priority"/)
})
