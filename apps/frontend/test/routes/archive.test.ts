import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, type TestContext, test } from 'node:test'
import { problemType } from '@darkroom/contracts'
import { generateImage, sha256, temporaryFolder } from '@darkroom/testing'
import { startGuarded } from '../access/start-guarded.ts'
import { failNext, finishNext, uploadImage } from '../start-frontend.ts'

const image = await generateImage({ kind: 'png', width: 8, height: 8, seed: 1 })
const guarded = await startGuarded({ after })
const [alice, bob] = [await guarded.makeKey({ owner: 'alice' }), await guarded.makeKey({ owner: 'bob' })]

const upload = () => uploadImage(guarded, image, { authorization: `Bearer ${alice.key}` })

function archive(key: string, ids: string, names?: string) {
  const query = new URLSearchParams({ ids, ...(names !== undefined && { names }) })
  return guarded.askWith(key, `/images/archive?${query}`)
}

/** The names of the files in a zip and the SHA-256 of each, read by a program that others wrote. */
function listZip(t: TestContext, body: Buffer): string[] {
  const file = join(temporaryFolder(t), 'a.zip')
  writeFileSync(file, body)
  const script = `import sys, zipfile, hashlib
sys.stdout.reconfigure(encoding='utf-8')
with zipfile.ZipFile(sys.argv[1]) as z:
  assert z.testzip() is None
  for name in z.namelist(): print(name, hashlib.sha256(z.read(name)).hexdigest())`
  return execFileSync('python3', ['-c', script, file], { encoding: 'utf8' }).trim().split('\n')
}

test('an archive has each result once, and the length of its Content-Length', async t => {
  const results = [randomBytes(1_000_000), randomBytes(10), image]
  const ids: string[] = []
  for (const result of results) {
    await upload()
    ids.push(await finishNext(guarded, result))
  }
  const { status, headers, body } = await archive(alice.key, [...ids, ids[0]].join())
  assert.deepEqual([status, headers['content-type']], [200, 'application/zip'])
  assert.equal(headers['content-length'], String(body.length))
  const head = await guarded.askWith(alice.key, `/images/archive?ids=${ids}`, { method: 'HEAD' })
  assert.deepEqual([head.status, head.headers['content-length']], [200, headers['content-length']])
  const listed = listZip(t, body)
  const expected = results.map((result, index) => `${ids[index]}.png ${sha256(result)}`)
  assert.deepEqual(listed, expected)
})

test('the files of an archive have the names of the request, with the extension of the result', async t => {
  const ids: string[] = []
  for (let count = 0; count < 4; count++) {
    await upload()
    ids.push(await finishNext(guarded, image))
  }
  const names = ['été & co', '../etc/cron', 'été & co'].map(name => name.replaceAll('/', ':'))
  const { status, headers, body } = await archive(alice.key, ids.join(), names.join('/'))
  assert.equal(status, 200)
  assert.equal(headers['content-length'], String(body.length))
  const listed = listZip(t, body).map(line => line.slice(0, line.lastIndexOf(' ')))
  assert.deepEqual(listed, ['été & co.png', '_etc_cron.png', 'été & co-2.png', `${ids[3]}.png`])
})

test('an archive with more names than ids is refused', async () => {
  const { status, json } = await archive(alice.key, 'one,two', 'holiday/beach/dog')
  assert.deepEqual([status, json().type], [400, problemType('invalid-request')])
  assert.match(String(json().detail), /more names \(3\) than ids \(2\)/)
})

test('an archive of missing, unfinished or failed images is refused with the id of the image', async () => {
  const waiting = await upload()
  const refused = async (key: string, ids: string) => {
    const { status, json } = await archive(key, ids)
    return [status, json().type, json().detail] as const
  }
  const [status, type, detail] = await refused(alice.key, waiting)
  assert.deepEqual([status, type], [409, problemType('not-ready')])
  assert.ok(String(detail).startsWith(waiting))
  await failNext(guarded, { type: problemType('undecodable'), title: 'Undecodable', detail: 'cut off' })
  assert.deepEqual((await refused(alice.key, waiting)).slice(0, 2), [422, problemType('image-failed')])
  assert.deepEqual((await refused(bob.key, waiting)).slice(0, 2), [404, problemType('image-not-found')])
  for (const ids of ['', ',', 'x,'.repeat(201), Array.from({ length: 201 }, (_, n) => n).join()])
    assert.ok([400, 404].includes((await refused(alice.key, ids))[0]))
})
