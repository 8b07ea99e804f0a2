import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import {
  assertSwapped,
  generateImage,
  httpRequest,
  serveHttp,
  startDarkroom,
  temporaryFolder,
  tiffOf,
  until,
} from '@darkroom/testing'
import { filesBelow } from './files-below.ts'
import { runCommand } from './run-command.ts'

const { url } = await startDarkroom({ after })
const png = await generateImage({ kind: 'png', width: 60, height: 40, seed: 1 })
const run = (...args: string[]) => runCommand(args, { DARKROOM_URL: url })
const linesOf = (stdout: string) =>
  stdout
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line))

test('develop finds the images in folders, and writes their results in the same folders', async t => {
  const folder = temporaryFolder(t)
  mkdirSync(join(folder, 'in/2024/.thumbnails'), { recursive: true })
  mkdirSync(join(folder, 'in/out'))
  mkdirSync(join(folder, 'empty'))
  for (const name of ['a.png', '2024/a.PNG', '2024/.hidden.png', '2024/.thumbnails/a.png', 'out/earlier.png'])
    writeFileSync(join(folder, 'in', name), png)
  writeFileSync(join(folder, 'in/notes.txt'), 'no image')
  const out = join(folder, 'in/out')
  const { code, stderr } = await run('develop', join(folder, 'in'), join(folder, 'empty'), '-o', out)
  assert.equal(code, 1)
  assert.deepEqual(filesBelow(out), ['2024/a.png', 'a.png', 'earlier.png'])
  await assertSwapped(png, readFileSync(join(out, '2024/a.png')), { isExact: true })
  assert.match(stderr, /^skipped 1 file without the extension of an image$/m)
  assert.match(stderr, /empty: this folder contains no image$/m)
})

const isLinux = process.platform === 'linux'
const onlyLinux = { skip: !isLinux && 'other systems refuse names that are not UTF-8' }
test('develop skips only the folder that cannot be read, and names it', onlyLinux, async t => {
  const folder = temporaryFolder(t)
  const inputs = join(folder, 'in')
  mkdirSync(join(inputs, 'c'), { recursive: true })
  mkdirSync(Buffer.concat([Buffer.from(join(inputs, 'b')), Buffer.of(0xff)]))
  for (const name of ['a.png', 'c/c.png', 'd.png']) writeFileSync(join(inputs, name), png)
  const out = join(folder, 'out')
  const { code, stderr } = await run('develop', inputs, '-o', out)
  assert.equal(code, 1)
  assert.deepEqual(filesBelow(out), ['a.png', 'c/c.png', 'd.png'])
  assert.match(stderr, /in\/b\ufffd: its name is not UTF-8; rename it$/m)
  assert.match(stderr, /^failed: .*in\/b\ufffd$/m)
})

test('develop writes variants beside the result, and never one file over another', async t => {
  const folder = temporaryFolder(t)
  const files = ['photo.png', 'photo_thumb.png'].map(name => join(folder, name))
  for (const file of files) writeFileSync(file, png)
  const out = join(folder, 'out')
  const options = ['--operations', 'flip', '--variant', 'thumb=resize:30x20', '--variant', 'web=format:webp']
  const { code, stdout, stderr } = await run('develop', ...files, ...options, '--json', '-o', out)
  assert.equal(code, 0, stderr)
  const names = ['photo', 'photo_thumb-2'].flatMap(name => [
    `${name}.png`,
    `${name}_thumb.png`,
    `${name}_web.webp`,
  ])
  assert.deepEqual(filesBelow(out), names.sort())
  const lines = linesOf(stdout).sort((one, other) => (one.file < other.file ? -1 : 1))
  assert.deepEqual(
    lines.map(({ file, result, variants, image }) => [
      file,
      result,
      variants.web,
      image.variants.thumb.result.width,
    ]),
    files.map((file, index) => {
      const stem = join(out, index === 0 ? 'photo' : 'photo_thumb-2')
      return [file, `${stem}.png`, `${stem}_web.webp`, 30]
    }),
  )
})

test('develop reports why a folder cannot be made or read', async t => {
  const folder = temporaryFolder(t)
  const file = join(folder, 'a.png')
  writeFileSync(file, png)
  for (const [out, message] of [
    ['/proc/x', /the folder of -o cannot be created: /],
    ['', /-o must be a folder/],
    [file, /-o must be a folder, but .*a.png is a file/],
    [join(file, 'below'), /a.png/],
  ] as const) {
    const { code, stderr } = await run('develop', file, '-o', out)
    assert.equal(code, 2)
    assert.match(stderr, message)
  }
})

const isRoot = process.getuid?.() === 0
test('develop reports that a file cannot be read', { skip: isRoot && 'root can read all files' }, async t => {
  const file = join(temporaryFolder(t), 'a.png')
  writeFileSync(file, png, { mode: 0o200 })
  const { code, stderr } = await run('develop', file, '-o', temporaryFolder(t))
  assert.equal(code, 1)
  assert.match(stderr, /a.png: EACCES: permission denied/)
})

for (const [signal, exitCode] of [
  ['SIGINT', 130],
  ['SIGHUP', 129],
] as const)
  test(`develop ends at ${signal}, and leaves no part of a file`, async t => {
    const folder = temporaryFolder(t)
    const sent = Buffer.alloc(1_000_000)
    const { promise: isDownloading, resolve } = Promise.withResolvers<void>()
    const image = { id: 'x', state: 'finished', result: { contentType: 'image/png', bytes: 2 * sent.length } }
    const { url } = await serveHttp(t, (request, response) => {
      request.resume()
      if (!request.url?.endsWith('/result')) {
        response.end(JSON.stringify({ ...image, images: [] }))
        return
      }
      response.write(sent)
      resolve()
    })
    const files = ['a.png', 'b.png'].map(name => join(folder, name))
    for (const file of files) writeFileSync(file, png)
    const out = join(folder, 'out')
    const command = ['develop', ...files, '-o', out, '--concurrency', '1', '--url', url]
    const main = fileURLToPath(new URL('../bin/darkroom.js', import.meta.url))
    const child = spawn(process.execPath, [main, ...command], { stdio: 'ignore' })
    await isDownloading
    await until('a part is written', () => filesBelow(out).some(name => name.endsWith('.part')))
    child.kill(signal)
    assert.deepEqual(await once(child, 'exit'), [exitCode, null])
    assert.deepEqual(filesBelow(out), [])
  })

test('develop sends no further image after its key was refused', async t => {
  const folder = temporaryFolder(t)
  for (const name of ['a.png', 'b.png', 'c.png']) writeFileSync(join(folder, name), png)
  const uploads: unknown[] = []
  const { url } = await serveHttp(t, (request, response) => {
    if (request.method === 'POST') uploads.push(request.url)
    request.resume()
    response.writeHead(request.method === 'POST' ? 401 : 200).end('{"images":[]}')
  })
  const command = ['develop', folder, '-o', join(folder, 'out'), '--concurrency', '1', '--url', url]
  const { code, stderr } = await runCommand(command)
  assert.equal(code, 1)
  assert.match(stderr, /^failed: .*a\.png, .*b\.png, .*c\.png$/m)
  assert.equal(uploads.length, 1)
})

test('develop uses a preset, and presets prints it', async t => {
  const folder = temporaryFolder(t)
  const file = join(folder, 'photo.png')
  writeFileSync(file, png)
  const lists = ['--variant', 'thumb=resize:30x20', '--variant', 'web=format:webp']
  const made = await run('presets', 'create', 'shop', ...lists)
  assert.equal(made.code, 0, made.stderr)
  const out = join(folder, 'out')
  const { code, stderr } = await run('develop', file, '--preset', 'shop', '-o', out)
  assert.equal(code, 0, stderr)
  assert.deepEqual(filesBelow(out), ['photo_thumb.png', 'photo_web.webp'])
  const shown = await run('presets')
  for (const same of [made, await run('presets', 'show', 'shop')]) assert.equal(same.stdout, shown.stdout)
  assert.match(shown.stdout, /^shop\n {2}thumb=\[\{"name":"resize","width":30,.*\}\]\n {2}web=\[.*\]\n$/)
  const [[preset]] = linesOf((await run('presets', '--json')).stdout)
  assert.equal(preset.variants.thumb.operations[0].width, 30)
  const other = await run('develop', file, '--preset', 'shopp', '-o', out)
  assert.equal(other.code, 1)
  assert.match(other.stderr, /there is no preset "shopp"/)
  for (const [verb, code] of [
    ['show', 1],
    ['delete', 1],
  ] as const)
    assert.equal((await run('presets', verb, 'shopp')).code, code, verb)
  assert.equal((await run('presets', 'delete', 'shop')).code, 0)
  assert.equal((await run('presets')).stdout, '')
})

test('retry --all develops the matching failed images again', async t => {
  const broken = join(temporaryFolder(t), 'broken.png')
  writeFileSync(broken, png.subarray(0, png.length / 2))
  assert.equal((await run('develop', broken)).code, 1)
  const retried = async (...filters: string[]) => {
    const { stdout, stderr } = await run('retry', '--all', '--json', ...filters)
    assert.equal(stderr, '')
    return JSON.parse(stdout).retried
  }
  assert.equal(await retried('--preset', 'none'), 0)
  assert.equal(await retried('--owner', 'nobody', '--since', '1h'), 0)
  assert.equal(await retried('--type', 'took-too-long'), 0)
  assert.equal(await retried('--since', '2100-01-01T00:00:00Z'), 0)
  assert.ok((await retried('--since', '1h')) > 0)
})

test('develop --json prints the code and the message of each failure', async t => {
  const folder = temporaryFolder(t)
  const broken = join(folder, 'broken.png')
  const letter = join(folder, 'letter.png')
  writeFileSync(broken, png.subarray(0, png.length / 2))
  writeFileSync(letter, 'a letter')
  const { code, stdout } = await run('develop', broken, letter, '--json', '--concurrency', '1', '-o', folder)
  assert.equal(code, 1)
  const [failed, refused] = linesOf(stdout)
  assert.deepEqual(
    [failed.file, failed.image.state, failed.error.message],
    [broken, 'failed', failed.image.error.detail],
  )
  assert.deepEqual([refused.file, refused.error.code], [letter, 'not-an-image'])

  // A result that can't be written can still be downloaded.
  const good = join(folder, 'good.jpg')
  writeFileSync(good, png)
  mkdirSync(join(folder, 'good.png'))
  const unwritten = await run('develop', good, '--json', '-o', folder)
  assert.equal(unwritten.code, 1)
  const { error, image } = linesOf(unwritten.stdout)[0]
  assert.match(error.message, /EISDIR/)
  assert.equal((await httpRequest(url, image.links.result)).status, 200)

  // A failed image can be developed again, or deleted.
  const { id } = failed.image
  const retried = await run('retry', id, '--json')
  assert.deepEqual([retried.code, linesOf(retried.stdout)[0].image.id], [0, id])
  const deleted = await run('delete', id, 'unknown')
  assert.deepEqual([deleted.code, deleted.stdout], [1, `${id}\n`])
  assert.match(deleted.stderr, /^unknown: .*unknown.*\n$/)
  assert.equal((await httpRequest(url, `/images/${id}`)).status, 404)
})

test('develop sends large files in pieces, and shows on a terminal how far all are', async t => {
  const folder = temporaryFolder(t)
  const file = join(folder, 'large.tif')
  writeFileSync(file, tiffOf(9 * 1024 * 1024))
  const { code, stderr } = await runCommand(
    ['develop', file, '--operations', 'resize:16x12', '-o', folder, '--url', url, '--concurrency', '2'],
    {},
    { isTerminal: true },
  )
  assert.equal(code, 1, 'it would overwrite the original')
  assert.match(stderr, /0\/1 images, 8\.4 of 9\.4 MB sent: large\.tif uploading/)
})

test('develop refuses options that are not its own or not valid before it uploads', async () => {
  for (const [args, words] of [
    [['--owner', 'shop'], /develop has no option --owner/],
    [
      ['--variant', 'resize:200x200'],
      /^darkroom: --variant must be a name and its operations, .*got "resize:200x200"\n$/,
    ],
    [['--variant', 'a=flip', '--variant', 'A=flop'], /^darkroom: the variant "A" is given twice/],
    [['--variant', 'a=solarise'], /^darkroom: variant "a": unknown operation "solarise"/],
    [
      ['--operations', 'flip', '--operations', 'flop'],
      /^darkroom: --operations is given twice; write one list, /,
    ],
    [['--concurrency', '0'], /^darkroom: --concurrency must be a whole number from 1 to 64, got "0"\n$/],
    [['--key', 'dk_…'], /^darkroom: the API key contains characters that no key has; copy it again\n$/],
  ] as const) {
    const { code, stderr } = await run('develop', 'photo.jpg', ...args)
    assert.equal(code, 2, stderr)
    assert.match(stderr, words)
  }
  for (const [args, words] of [
    [['retry', 'x', '--type', 'undecodable'], /--type need --all/],
    [['retry', 'x', '--all'], /either ids or --all/],
    [['retry', '--all', '--since', 'yesterday'], /--since must be a duration such as 2h, or a time such as /],
    [['presets', 'make', 'shop'], /presets needs create, show or delete, and a name/],
    [['presets', 'show'], /presets show needs the name/],
    [['presets', 'delete', '..'], /^darkroom: "\.\." cannot be the name of a preset\n$/],
    [['delete', 'x', '..'], /^darkroom: "\.\." cannot be the id of an image\n$/],
    [['retry', ''], /^darkroom: "" cannot be the id of an image\n$/],
    [['develop', 'a.png', ''], /^darkroom: an image must be a file, a folder or a URL, got ""\n$/],
    [['presets', 'create', 'shop'], /presets create needs --operations or --variant/],
    [['presets', '--operations', 'flip'], /only presets create has the options --operations and --variant/],
    [['presets', 'create', 'shop', '--operations', 'solarise'], /unknown operation "solarise"/],
  ] as const) {
    const { code, stderr } = await runCommand([...args])
    assert.equal(code, 2, stderr)
    assert.match(stderr, words)
  }
  for (const name of ['retry', 'delete']) assert.match((await run(name)).stderr, /needs the ids of images/)
})
