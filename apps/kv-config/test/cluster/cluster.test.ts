import assert from 'node:assert/strict'
import { test } from 'node:test'
import { kvConfigRoutes, revisionHeader } from '@darkroom/contracts'
import { type HttpRequest, httpRequest, until, withEngine } from '@darkroom/testing'
import { shareEtcd } from '../engine/etcd/shared-etcd.ts'
import { startCopies } from './start-copies.ts'

interface ClusterResponse {
  leader: string
  members: { id: string; name: string; urls: string[] }[]
}

const put = (url: string, body: string, headers = {}) =>
  httpRequest(url, '/key/dir/a', { method: 'PUT', body, headers })
const get = async (url: string, path: string) => httpRequest(url, path)

withEngine('etcd', program => {
  const etcd = shareEtcd(program, { members: 3 })

  test('a value written through one copy is read, listed, compared and deleted through any other', async t => {
    const urls = await startCopies(t, etcd())
    for (const [n, writer] of urls.entries()) {
      const [reader, deleter] = [urls[(n + 1) % 3] ?? '', urls[(n + 2) % 3] ?? '']
      const made = await put(writer, 'one')
      assert.equal(made.status, 201)
      const read = await get(reader, '/key/dir/a')
      assert.deepEqual([read.body.toString(), read.headers.etag], ['one', made.headers.etag])
      const listed = (await get(reader, '/keys?prefix=dir/')).json().keys as { key: string }[]
      assert.deepEqual(
        listed.map(({ key }) => key),
        ['dir/a'],
      )

      const condition = { 'if-match': String(made.headers.etag) }
      const changed = await put(reader, 'two', condition)
      assert.equal(changed.status, 200)
      const late = await put(writer, 'three', condition)
      assert.deepEqual([late.status, late.headers.etag], [412, changed.headers.etag])
      const deleted = await httpRequest(deleter, '/key/dir/a', { method: 'DELETE' })
      assert.equal(deleted.status, 204)
      assert.equal((await get(writer, '/key/dir/a')).status, 404)
    }
  })

  test('a read that waits at one copy is woken by a write through another', async t => {
    const [one = '', two = '', three = ''] = await startCopies(t, etcd())
    const { headers } = await put(one, 'one')
    const after = headers[revisionHeader]
    const waits = [one, two, three].flatMap(url => [
      get(url, `/key/dir/a?wait=50&after=${after}`),
      get(url, `/keys?prefix=dir/&wait=50&after=${after}`),
    ])
    const startedAt = performance.now()
    await put(two, 'two')
    for (const wait of waits) assert.equal((await wait).status, 200)
    assert.ok(performance.now() - startedAt < 25_000)
  })

  test('every copy names the members and their leader', async t => {
    const urls = await startCopies(t, etcd())
    const responses = await Promise.all(urls.map(async url => clusterOf(url)))
    const leader = await etcd().leader()
    for (const { members, leader: id } of responses) {
      const known = members.map(({ name, urls }) => [name, ...urls]).sort()
      assert.deepEqual(
        known,
        etcd().members.map(({ name, peerUrl }) => [name, peerUrl]),
      )
      assert.equal(members.find(member => member.id === id)?.name, leader.name)
    }
  })

  test('members are added and removed through any copy', async t => {
    const [one = '', two = '', three = ''] = await startCopies(t, etcd())
    const peerUrl = 'http://127.0.0.1:9' // nothing listens there
    // etcd refuses it until all members have been up for 5 s.
    const { id } = await until('it is added', async () => {
      const response = await changeMembers(one, [201, 409], { urls: [peerUrl] })
      return response.id === undefined ? undefined : { id: String(response.id) }
    })
    const added = (await clusterOf(two)).members.find(member => member.id === id)
    assert.deepEqual(added?.urls, [peerUrl])
    const again = await changeMembers(two, [409], { urls: [peerUrl] })
    assert.match(String(again.detail), /members were not changed/)
    await remove(three, id, 204)
    await until('it is gone', async () => (await clusterOf(one)).members.length === 3)
    await remove(one, id, 404)
    await remove(one, 'nobody', 404)
  })
})

async function clusterOf(url: string): Promise<ClusterResponse> {
  const response = await get(url, kvConfigRoutes.getCluster.url)
  assert.equal(response.status, 200)
  return response.json() as unknown as ClusterResponse
}

async function changeMembers(
  url: string,
  statuses: number[],
  body: object,
): Promise<Record<string, unknown>> {
  const { method, url: path } = kvConfigRoutes.addMember
  const request: HttpRequest = {
    method,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  }
  const response = await httpRequest(url, path, request)
  assert.ok(statuses.includes(response.status), `${response.status}: ${response.body}`)
  return response.json()
}

async function remove(url: string, id: string, status: number): Promise<void> {
  const { method, url: path } = kvConfigRoutes.removeMember
  const response = await httpRequest(url, path.replace(':id', id), { method })
  assert.equal(response.status, status, response.body.toString())
}
