import assert from 'node:assert/strict'
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { after, type TestContext, test } from 'node:test'
import {
  assertSwapped,
  commandLine,
  freePort,
  generateImage,
  serveHttp,
  startDarkroom,
  startProgram,
  temporaryFolder,
} from '@darkroom/testing'
import { type Run, runCommand } from './run-command.ts'

/** Shared by the tests, which leave it as it was. */
const darkroom = await startDarkroom({ after })

/** Runs the command line in a separate process, until it exits. */
async function runProcess(t: TestContext, args: string[], env: Record<string, string> = {}): Promise<Run> {
  const program = startProgram(t, [process.execPath, commandLine, ...args], env)
  const { code } = await program.ended
  return { code: code ?? Number.NaN, stdout: program.stdout, stderr: program.stderr }
}

test('develop writes the results of all images that can be developed, and names the others', async t => {
  const { url } = darkroom
  const folder = temporaryFolder(t)
  const photo = join(folder, 'photo.jpg')
  const drawing = join(folder, 'drawing.png')
  const broken = join(folder, 'broken.png')
  const letter = join(folder, 'letter.png')
  const missing = join(folder, 'missing.png')
  writeFileSync(photo, await generateImage({ kind: 'jpeg', width: 300, height: 200, seed: 1 }))
  writeFileSync(drawing, await generateImage({ kind: 'png', width: 300, height: 200, seed: 2 }))
  writeFileSync(broken, readFileSync(drawing).subarray(0, 20_000))
  writeFileSync(letter, 'This is a letter, not a picture of one.')

  await t.test('develop exits with 0 if all images were developed', async t => {
    const out = join(folder, 'out')
    const { code, stderr } = await runProcess(t, ['develop', photo, drawing, '--out', out, '--url', url])
    assert.equal(code, 0, stderr)
    assert.deepEqual(readdirSync(out).sort(), ['drawing.png', 'photo.jpg'])
    await assertSwapped(readFileSync(photo), readFileSync(join(out, 'photo.jpg')), { isExact: false })
    await assertSwapped(readFileSync(drawing), readFileSync(join(out, 'drawing.png')), { isExact: true })
  })

  await t.test('develop exits with 1 if some images failed', async t => {
    const out = join(folder, 'some')
    const files = [broken, drawing, letter, missing, photo]
    const { code, stderr } = await runProcess(t, ['develop', ...files, '-o', out], { DARKROOM_URL: url })
    assert.equal(code, 1)
    assert.deepEqual(readdirSync(out).sort(), ['drawing.png', 'photo.jpg'])
    const [last = ''] = stderr.trimEnd().split('\n').slice(-1)
    assert.match(last, /^failed: /)
    assert.deepEqual(last.replace('failed: ', '').split(', ').sort(), [broken, letter, missing].sort())
    for (const [file, reason] of [
      [broken, /\w+ \w+/],
      [letter, /unsupported file type/],
      [missing, /no such file/],
    ] as const) {
      const line = stderr.split('\n').find(line => line.startsWith(`${file}: `))
      assert.match(line?.slice(file.length) ?? '', reason)
    }
  })
})

test('status shows a registration that is not valid, and all others', async t => {
  const key = 'services/storage/another'
  t.after(() => darkroom.ask('kv-config', `/key/${key}`, { method: 'DELETE' }))
  for (const value of ['', '{', 'null', '{"url":1}', '{"url":"mailto:a@b"}']) {
    await darkroom.ask('kv-config', `/key/${key}`, { method: 'PUT', body: value })
    const { code, stdout, stderr } = await runCommand(['status'], darkroom.env)
    assert.equal(code, 1, stderr)
    assert.match(stdout, /^storage +- +the key services\/storage\/another in kv-config is not valid$/m)
    assert.match(stdout, /^storage +http\S+ +ready$/m)
    assert.match(stdout, /^finished +\d+$/m)
  }
})

test('develop uses the path and the credentials of its URL in every request', async t => {
  const { url } = darkroom
  const asked: (string | undefined)[] = []
  const { port } = await serveHttp(t, (given, response) => {
    asked.push(given.url)
    const { authorization } = given.headers
    const isTheirs = authorization === `Basic ${Buffer.from('a user:p@ss:word').toString('base64')}`
    if (!isTheirs || !given.url?.startsWith('/photos/darkroom/')) return response.writeHead(401).end()
    const { authorization: _, ...headers } = given.headers
    const { method } = given
    const passed = request(
      `${url}${given.url.slice('/photos/darkroom'.length)}`,
      { method, headers },
      received => {
        response.writeHead(received.statusCode ?? 502, received.headers)
        received.pipe(response)
      },
    )
    given.pipe(passed)
  })
  const folder = temporaryFolder(t)
  const drawing = join(folder, 'drawing.png')
  writeFileSync(drawing, await generateImage({ kind: 'png', width: 30, height: 20, seed: 2 }))
  const out = join(folder, 'out')
  const DARKROOM_URL = `http://a%20user:p%40ss:word@127.0.0.1:${port}/photos/darkroom/`
  const { code, stderr } = await runCommand(['develop', drawing, '-o', out], { DARKROOM_URL })
  assert.equal(code, 0, stderr)
  assert.deepEqual(readdirSync(out), ['drawing.png'])
  assert.ok(
    asked.length >= 4 && asked.every(path => path?.startsWith('/photos/darkroom/images')),
    String(asked),
  )
})

for (const url of ['127.0.0.1:8080', 'localhost:8080', 'http://photos.example:99999']) {
  test(`develop refuses ${url}, which is not a URL of Darkroom`, async () => {
    for (const [name, args, env] of [
      ['--url', ['--url', url], {}],
      ['DARKROOM_URL', [], { DARKROOM_URL: url }],
    ] as const) {
      const { code, stderr } = await runCommand(['develop', 'photo.jpg', ...args], env)
      assert.equal(code, 2)
      assert.match(stderr, new RegExp(`^darkroom: ${name} must be an http or https URL, .*got "${url}"\n$`))
    }
  })
}

test('develop writes all results although nothing reads its output', async t => {
  const { url } = darkroom
  const folder = temporaryFolder(t)
  const names = ['a.png', 'b.png', 'c.png']
  for (const [seed, name] of names.entries())
    writeFileSync(join(folder, name), await generateImage({ kind: 'png', width: 30, height: 20, seed }))
  writeFileSync(join(folder, 'letter.png'), 'a letter')
  const develop = async (files: string[], out: string) => {
    const command = `"$0" "$1" develop ${files.join(' ')} -o ${out} --url ${url} 2>&1 | true; exit "\${PIPESTATUS[0]}"`
    const shell = ['bash', '-c', `cd ${folder}; ${command}`, process.execPath, commandLine] as const
    return { ...(await startProgram(t, shell, {}).ended), written: readdirSync(join(folder, out)) }
  }
  const { code, written } = await develop(names, 'out')
  assert.deepEqual([code, written.sort()], [0, names])
  const some = await develop(['letter.png', ...names], 'some')
  assert.deepEqual([some.code, some.written.sort()], [1, names])
})

test('a command whose output can’t be written reports that, and fails', async t => {
  const shell = ['bash', '-c', '"$0" "$1" --help >/dev/full', process.execPath, commandLine] as const
  const program = startProgram(t, shell, {})
  assert.equal((await program.ended).code, 1)
  assert.match(program.stderr, /ENOSPC/)
})

test('every command prints a refusal of Darkroom in one line', async t => {
  const title = 'Operators\n\u001b[31monly'
  const refusal = { type: 'urn:darkroom:problem:operators-only', title, status: 403 }
  const { url } = await serveHttp(t, ({ url }, response) => {
    if (url === '/images?limit=1') response.end('{"images":[]}')
    else response.writeHead(403).end(JSON.stringify(refusal))
  })
  const out = join(temporaryFolder(t), 'out')
  for (const args of [
    ['presets'],
    ['presets', 'show', 'shop'],
    ['presets', 'delete', 'shop'],
    ['develop', 'photo.jpg', '--preset', 'shop', '-o', out],
    ['retry', '--all'],
  ]) {
    const { code, stderr } = await runCommand([...args, '--url', url])
    assert.deepEqual([code, stderr], [1, 'darkroom: Operators??[31monly\n'], args.join(' '))
  }
})

test('develop explains how to start Darkroom when nothing listens', async () => {
  const url = `http://127.0.0.1:${await freePort()}`
  const { code, stderr } = await runCommand(['develop', 'photo.jpg', '--url', url])
  assert.equal(code, 1)
  assert.equal(stderr, `darkroom: nothing answers at ${url}; to start it: npx darkroom start\n`)
})

const pretend =
  'Object.defineProperty(process, "versions", { value: { ...process.versions, node: "20.20.2" } })'
const oldNode = ['--import', `data:text/javascript,${encodeURIComponent(pretend)}`]

test('on an old version of Node, every command explains which is needed', async t => {
  const program = startProgram(t, [process.execPath, ...oldNode, commandLine, 'status'])
  assert.equal((await program.ended).code, 1)
  assert.match(
    program.stderr,
    /^darkroom: this is Node 20, and Darkroom needs Node 24, .* npx --prefix .*\n$/,
  )
})

test('on an old version of Node, without the installed Node, commands explain how to install it', async t => {
  const home = temporaryFolder(t)
  const copy = join(home, 'apps', 'darkroom', 'bin', 'darkroom.js')
  cpSync(commandLine, copy)
  const program = startProgram(t, [process.execPath, ...oldNode, copy, 'start'])
  assert.equal((await program.ended).code, 1)
  assert.match(
    program.stderr,
    /Darkroom needs Node 24, which npm install installs .* but not with --omit=dev/,
  )
})

test('an empty NODE_COMPILE_CACHE is like an unset one: nothing is written into the current folder', async t => {
  const cwd = temporaryFolder(t)
  const program = startProgram(
    t,
    ['sh', '-c', 'cd "$1" && exec "$2" "$3" help', 'sh', cwd, process.execPath, commandLine],
    {
      NODE_COMPILE_CACHE: '',
    },
  )
  assert.equal((await program.ended).code, 0)
  assert.deepEqual(readdirSync(cwd), [])
})

test('a wrong option or argument prints the usage of its command, and exits with code 2', async t => {
  for (const [args, expected] of [
    [['develop'], /at least one image/],
    [['develop', 'photo.jpg', '--colour'], /Unknown option '--colour'\n/],
    [['start', 'photo.jpg'], /start takes no arguments, got "photo.jpg"/],
    [['status', '--url', 'http://127.0.0.1'], /status has no option --url/],
  ] as const) {
    const { code, stderr } = await runCommand(args)
    assert.equal(code, 2, stderr)
    assert.match(stderr, expected)
    const commands = [...stderr.matchAll(/^ {2}darkroom (\S+)/gm)].map(([, name]) => name)
    assert.deepEqual(commands, [args[0]])
  }
  for (const args of [['print'], ['help', 'print'], ['print', '--help']]) {
    const unknown = await runCommand(args)
    assert.equal(unknown.code, 2)
    assert.equal(unknown.stderr, 'darkroom: "print" is not a command; npx darkroom help lists all commands\n')
  }
  const operation = await runProcess(t, ['develop', 'photo.jpg', '--operations', 'solarise'])
  assert.equal(operation.code, 2)
  assert.match(
    operation.stderr,
    /^darkroom: unknown operation "solarise"; available operations: [a-z, -]+\n$/,
  )
})

test('--help prints the usage of all commands, or of the command before it', async t => {
  const help = await runProcess(t, ['--help'])
  assert.equal(help.code, 0)
  assert.match(help.stdout, /darkroom develop <image…>/)
  assert.match(help.stdout, /environment variables/i)
  const ofKeys = await runProcess(t, ['keys', 'rotate', '--help'])
  assert.equal(ofKeys.code, 0)
  assert.match(ofKeys.stdout, /darkroom keys rotate <id>/)
  assert.doesNotMatch(ofKeys.stdout, /darkroom (?!keys)\w+ .*<|environment variables/i)
})
