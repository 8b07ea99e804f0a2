import assert from 'node:assert/strict'
import { test } from 'node:test'
import { StoreMisconfigured } from '@darkroom/service-kit'
import { addressesOf, describeHost, readClusterUrl } from '../../../src/engine/postgres/hosts.ts'

const hostsOf = (url: string) =>
  readClusterUrl(url).hosts.map(({ name, port }) => `${name ?? '-'} ${port ?? '-'}`)

test('a URL names one or several PostgreSQL servers, as in libpq', () => {
  const cases: [string, string[]][] = [
    ['postgres://u:p@a/db', ['a -']],
    ['postgres://u:p@a:5433/db', ['a 5433']],
    ['postgresql://u:p@a:5432,b:5433,c/db?sslmode=disable', ['a 5432', 'b 5433', 'c -']],
    ['postgres://u:p@w@a,b/db', ['a -', 'b -']],
    ['postgres://u:p@[2001:db8::1]:5432,[::1]/db', ['2001:db8::1 5432', '::1 -']],
    ['postgres:///db', ['- -']],
    ['postgres:///db?host=/run/postgresql', ['/run/postgresql -']],
    ['postgres://%2Frun%2Fpostgresql/db', ['/run/postgresql -']],
    ['postgres://u@/db?host=a,b&port=5433', ['a 5433', 'b 5433']],
    ['postgres://u@/db?host=a,b&port=5432,5433', ['a 5432', 'b 5433']],
    ['postgres://u@a,b/db?target_session_attrs=read-write', ['a -', 'b -']],
    ['postgres://u@a,b/db?target_session_attrs=primary', ['a -', 'b -']],
  ]
  for (const [url, hosts] of cases) assert.deepEqual(hostsOf(url), hosts, url)
})

test('user, password, database and settings apply to every host', () => {
  const { shared } = readClusterUrl(
    'postgres://u%40x:p%3Aw@a:5432,b:5433/d%20b?options=-c%20search_path%3Dx&sslmode=no-verify',
  )
  const { user, password, database, options, ssl, host, port } = shared
  assert.deepEqual(
    { user, password, database, options },
    {
      user: 'u@x',
      password: 'p:w',
      database: 'd b',
      options: '-c search_path=x',
    },
  )
  assert.deepEqual({ ...(ssl as object) }, { rejectUnauthorized: false })
  assert.deepEqual([host, port], [undefined, undefined])
})

test('an invalid URL is refused with a reason, and without its password', () => {
  for (const [url, message] of [
    ['postgres://u:secret@a:99999/db', /ports are 1–65535/],
    ['postgres://u:secret@a,b:x/db', /ports are 1–65535/],
    ['postgres://u:secret@a,b:0/db', /ports are 1–65535/],
    ['postgres://u:secret@a,[::1/db', /a host that is not valid/],
    [
      'postgres://u:secret@a,b/db?target_session_attrs=standby',
      /target_session_attrs=standby, but this service writes/,
    ],
    ['postgres://u:secret@a/db?sslrootcert=/nowhere.pem', /\/nowhere\.pem/],
  ] as const) {
    assert.throws(
      () => readClusterUrl(url),
      error => {
        assert.ok(error instanceof StoreMisconfigured, url)
        assert.match(error.message, message)
        assert.doesNotMatch(error.message, /secret/)
        return true
      },
    )
  }
})

test('a name stands for all its addresses; the certificate must be for the name', async () => {
  const found = await addressesOf({ name: 'localhost', port: 5433 }, { ssl: true })
  assert.ok(found.some(({ host }) => host === '127.0.0.1' || host === '::1'))
  for (const { port, ssl } of found)
    assert.deepEqual({ port, ssl }, { port: 5433, ssl: { servername: 'localhost' } })
  assert.deepEqual(await addressesOf({ name: '/run', port: undefined }, {}), [{ host: '/run' }])
})

test('a host is described without secrets', () => {
  assert.equal(describeHost({ name: '::1', port: undefined }), '[::1]:5432')
  assert.equal(describeHost({ name: undefined, port: 1 }), 'localhost:1')
})
