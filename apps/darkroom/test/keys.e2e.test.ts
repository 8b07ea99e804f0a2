import assert from 'node:assert/strict'
import { readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { problemType } from '@darkroom/contracts'
import {
  type Darkroom,
  generateImage,
  httpRequest,
  startDarkroom,
  temporaryFolder,
  until,
} from '@darkroom/testing'
import { runCommand } from './run-command.ts'

const png = await generateImage({ kind: 'png', width: 60, height: 40, seed: 1 })

/** Runs the command line against a Darkroom until it ends. */
const run = ({ env }: Darkroom, args: string[], more: Record<string, string> = {}) =>
  runCommand(args, { ...env, ...more })

async function makeKey(darkroom: Darkroom, ...options: string[]): Promise<string> {
  const { code, stdout, stderr } = await run(darkroom, ['keys', 'create', ...options])
  assert.equal(code, 0, stderr)
  assert.match(stdout, /^dk_\w{12}_\w{38}\n$/)
  const key = stdout.trim()
  await until('the key works', async () => (await ask(darkroom, key, '/images')).status === 200)
  return key
}

function ask({ url }: Darkroom, key: string | undefined, path: string, body?: Uint8Array) {
  const headers = key === undefined ? {} : { authorization: `Bearer ${key}` }
  return httpRequest(url, path, { headers, ...(body && { method: 'POST', body }) })
}

const idOf = (key: string) => key.slice(3, 15)

test('from the first key on, requests without a key are refused, also after the last key is gone', async t => {
  const darkroom = await startDarkroom(t)
  const before = (await ask(darkroom, undefined, '/images', png)).json()

  await t.test('the first key closes the frontend, and operators see earlier images', async () => {
    const operator = await makeKey(darkroom, '--role', 'operator', '--name', 'the first')
    const refused = await ask(darkroom, undefined, '/images')
    assert.equal(refused.status, 401)
    assert.equal((await ask(darkroom, operator, `/images/${before.id}`)).status, 200)
    assert.equal((await run(darkroom, ['status'])).code, 0)
  })

  await t.test(
    'develop accepts a key as --key and DARKROOM_KEY, and reports that it needs a key',
    async t => {
      const folder = temporaryFolder(t)
      const file = join(folder, 'drawing.png')
      writeFileSync(file, png)
      const key = await makeKey(darkroom, '--owner', 'alice')
      const develop = (out: string, args: string[], env: Record<string, string> = {}) =>
        run(darkroom, ['develop', file, '-o', join(folder, out), ...args], env)
      const without = await develop('none', [])
      assert.equal(without.code, 1)
      assert.match(without.stderr, /an API key is needed.+--key or DARKROOM_KEY/)
      const wrong = await develop('none', ['--key', key.slice(0, -1)])
      assert.match(wrong.stderr, /a character is missing or mistyped/)
      for (const [out, args, env] of [
        ['option', ['--key', key], {}],
        ['variable', [], { DARKROOM_KEY: key }],
      ] as const) {
        const { code, stderr } = await develop(out, [...args], env)
        assert.equal(code, 0, stderr)
        assert.deepEqual(readdirSync(join(folder, out)), ['drawing.png'])
      }
      const { images } = (await ask(darkroom, key, '/images')).json() as { images: unknown[] }
      assert.equal(images.length, 2, 'without the image from the time before keys')
    },
  )

  await t.test('a rotated key sees the same images, and the old key ends', async () => {
    const old = await makeKey(darkroom, '--name', 'a \u001b[31mcode')
    const { id } = (await ask(darkroom, old, '/images', png)).json()
    const { code, stdout } = await run(darkroom, ['keys', 'rotate', idOf(old)])
    assert.equal(code, 0)
    const key = stdout.trim()
    await until('the new key works', async () => (await ask(darkroom, key, `/images/${id}`)).status === 200)
    await until('the old key ends', async () => (await ask(darkroom, old, '/images')).status === 401)
    const list = (await run(darkroom, ['keys', 'list'])).stdout
    assert.match(list, new RegExp(`^${idOf(key)} +user +${idOf(old)} .+ never +a \\?\\[31mcode$`, 'm'))
    assert.ok(!list.includes(key.slice(16)))
    assert.equal((await run(darkroom, ['keys', 'revoke', idOf(key)])).code, 0)
    await until('it is refused', async () => (await ask(darkroom, key, '/images')).status === 401)
    const again = await run(darkroom, ['keys', 'revoke', idOf(key)])
    assert.deepEqual([again.code, again.stderr.includes('there is no API key')], [1, true])
  })

  await t.test('erase removes only the images and the keys of one owner', async () => {
    const [carol, dave] = [await makeKey(darkroom, '--owner', 'carol'), await makeKey(darkroom)]
    for (let count = 3; count > 0; count--) await ask(darkroom, carol, '/images', png)
    const { id } = (await ask(darkroom, dave, '/images', png)).json()
    const asked = await run(darkroom, ['erase', '--owner', 'carol'])
    assert.deepEqual([asked.code, asked.stderr.includes('add --yes')], [2, true])
    const { code, stdout } = await run(darkroom, ['erase', '--owner', 'carol', '--yes'])
    const erased = 'erased carol: API keys 1, images 3, unfinished uploads 0\n'
    assert.deepEqual([code, stdout], [0, erased])
    await until('the key is refused', async () => (await ask(darkroom, carol, '/images')).status === 401)
    const { json } = await darkroom.ask('task-db', '/tasks?owner=carol')
    assert.deepEqual(json().tasks, [])
    assert.equal((await ask(darkroom, dave, `/images/${id}`)).status, 200)
  })

  await t.test('after a restart without any key, requests still need a key', async () => {
    const list = (await run(darkroom, ['keys', 'list'])).stdout
    for (const [id] of list.matchAll(/^\w{12}(?= )/gm)) await run(darkroom, ['keys', 'revoke', id])
    assert.equal(await darkroom.stop(), 0)
    await darkroom.restart()
    const { status, json } = await ask(darkroom, undefined, '/images')
    assert.equal(status, 401)
    assert.match(String(json().detail), /there is no key yet/)
    const key = await makeKey(darkroom, '--role', 'operator')
    assert.equal((await ask(darkroom, key, `/images/${before.id}`)).status, 200)
    const { token } = (await ask(darkroom, key, '/grants', Buffer.from('{}'))).json()

    assert.match(`${darkroom.program.stdout}${darkroom.program.stderr}`, /an API key was created/)

    await darkroom.stop()
    for (const file of readdirSync(darkroom.dataDir).filter(name => name.startsWith('kv-config.sqlite')))
      rmSync(join(darkroom.dataDir, file))
    await darkroom.restart()
    assert.equal((await ask(darkroom, undefined, '/images')).status, 401, 'kv-config was emptied')
    const granted = await ask(darkroom, String(token), '/images')
    assert.deepEqual([granted.status, granted.json().type], [503, problemType('signing-secret-lost')])
  })
})

test('wrong arguments of the command keys are explained, with exit code 2', async t => {
  const darkroom = { env: { DATA_DIR: temporaryFolder(t) } } as unknown as Darkroom
  for (const [args, message] of [
    [['keys'], /keys needs an argument: create, list, revoke, rotate/],
    [['keys', 'make'], /keys needs an argument: .+, got "make"/],
    [['token', 'keys'], /token needs an argument: worker, got "keys"/],
    [['webhooks', 'send', 'x'], /webhooks needs an argument: secret or rotate, got "send x"/],
    [['keys', 'create', 'alice'], /keys create takes no arguments/],
    [['keys', 'revoke'], /keys revoke needs the id of a key/],
    [['keys', 'list', '--owner', 'alice'], /keys list has no option --owner/],
    [['keys', 'create', '--role', 'root'], /--role must be user or operator, got "root"/],
    [['keys', 'create', '--owner', 'a b'], /--owner must be at most 64 letters.+got "a b"/],
    [['keys', 'create', '--expires', 'soon'], /--expires must be a duration such as 90d.+got "soon"/],
    [
      ['keys', 'create', '--expires', '-1d'],
      /^darkroom: Option '--expires' argument is ambiguous\.?\n\nDarkroom: /,
    ],
    [['keys', 'rotate', 'abc', '--keep', '0d'], /--keep must be a duration/],
    [['erase'], /erase needs --owner/],
    [['erase', 'alice'], /erase takes no arguments, got "alice"/],
    [['erase', '--owner', 'alice', '--role', 'user'], /erase has no option --role/],
    [['erase', '--owner', ''], /--owner must be/],
    [['status', '--key', 'x'], /status has no option --key/],
  ] as const) {
    const { code, stderr } = await run(darkroom, [...args])
    assert.equal(code, 2, args.join(' '))
    assert.match(stderr, message)
  }
})
