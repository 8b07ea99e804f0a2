import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { generateImage, startDarkroom, temporaryFolder } from '@darkroom/testing'
import { filesBelow } from './files-below.ts'
import { runCommand } from './run-command.ts'

const { url } = await startDarkroom({ after: (end: () => unknown) => after(async () => void (await end())) })
const png = await generateImage({ kind: 'png', width: 60, height: 40, seed: 1 })
const run = (...args: string[]) => runCommand(args, { DARKROOM_URL: url })

test('develop never overwrites an original, by whatever path its folder is named', async t => {
  const folder = temporaryFolder(t)
  mkdirSync(join(folder, 'photos'))
  symlinkSync('photos', join(folder, 'link'))
  const file = join(folder, 'photos/a.png')
  writeFileSync(file, png)
  for (const [input, out] of [
    [file, join(folder, 'link')],
    [join(folder, 'link/a.png'), join(folder, 'photos')],
    [join(folder, 'link'), join(folder, 'photos')],
  ] as const) {
    const { code, stderr } = await run('develop', input, '-o', out)
    assert.equal(code, 1)
    assert.match(stderr, /would overwrite|contains no image/)
    assert.ok(readFileSync(file).equals(png))
  }
  const out = join(folder, 'photos/developed')
  for (let n = 0; n < 2; n++) {
    const { code, stderr } = await run('develop', `${folder}/link/`, '-o', out)
    assert.equal(code, 0, stderr)
    assert.deepEqual(filesBelow(out), ['a.png'])
  }
})

test('develop gives results different names on disks that ignore case, and shows no control characters', async t => {
  const folder = temporaryFolder(t)
  mkdirSync(join(folder, 'in'))
  for (const name of ['A.png', 'a.PNG', 'line\nfeed.png']) writeFileSync(join(folder, 'in', name), png)
  const out = join(folder, 'out')
  const { code, stderr } = await run('develop', join(folder, 'in'), '-o', out)
  assert.equal(code, 0, stderr)
  assert.deepEqual(filesBelow(out), ['A.png', 'a-2.png', 'line\nfeed.png'])
  assert.match(stderr, /in\/line\?feed.png -> /)
})

test('develop writes results whose names are as long as a disk allows', async t => {
  const folder = temporaryFolder(t)
  const name = `${'a'.repeat(251)}.png`
  writeFileSync(join(folder, name), png)
  const out = join(folder, 'out')
  const { code, stderr } = await run('develop', join(folder, name), '-o', out)
  assert.equal(code, 0, stderr)
  assert.deepEqual(filesBelow(out), [name])
})

const isLinux = process.platform === 'linux'
const onlyLinux = { skip: !isLinux && 'other systems refuse names that are not UTF-8' }
test('develop reports that the name of a file is not UTF-8', onlyLinux, async t => {
  const folder = temporaryFolder(t)
  writeFileSync(Buffer.concat([Buffer.from(`${folder}/gr`), Buffer.of(0xfc), Buffer.from('n.png')]), png)
  const { code, stderr } = await run('develop', folder, '-o', join(folder, 'out'))
  assert.equal(code, 1)
  assert.match(stderr, /gr\ufffdn\.png: its name is not UTF-8; rename it\n/)
})

test('develop shows no control characters of files that failed', async t => {
  const file = join(temporaryFolder(t), 'line\nfeed.png')
  writeFileSync(file, 'not an image')
  const { code, stderr } = await run('develop', file, '-o', temporaryFolder(t))
  assert.equal(code, 1)
  assert.match(stderr, /^failed: .*line\?feed.png$/m)
})
