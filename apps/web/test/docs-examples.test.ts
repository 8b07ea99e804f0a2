import assert from 'node:assert/strict'
import { test } from 'node:test'
import { frontendRoutes, isBytes, type Route } from '@darkroom/contracts'
import { Compile, type TSchema } from '@darkroom/contracts/typebox'
import { exampleBody, examplesOf } from '../build/docs/examples.ts'
import { tryForm } from '../build/docs/try-form.ts'

const routes: [string, Route][] = Object.entries(frontendRoutes)

test('the examples of the docs send bodies that the routes accept', () => {
  for (const [name, route] of routes) {
    const { body } = route.schema
    if (body && !isBytes(body)) assert.ok(Compile(body).Check(exampleBody(name, route)), name)
  }
})

test('the examples of the docs have every query parameter that is required', () => {
  for (const [name, route] of routes) {
    const { required = [] } = (route.schema.querystring ?? {}) as TSchema & { required?: string[] }
    for (const parameter of required)
      assert.equal(examplesOf(name, route).match(new RegExp(`[?;]${parameter}=\\$`, 'g'))?.length, 2, name)
  }
})

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
