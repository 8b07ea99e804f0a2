import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { join, resolve } from 'node:path'
import { type TestContext, test } from 'node:test'
import {
  childrenOf,
  freePortRange,
  httpRequest,
  isRunning,
  type Program,
  procIsMissing,
  startProgram,
  temporaryFolder,
  tiffOf,
  until,
} from '@darkroom/testing'
import { stored } from './stored.ts'

const root = resolve(import.meta.dirname, '../../..')
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const skip = procIsMissing

/** Runs a shell command in the root of the repository like npm's child, with its own port and folder. */
async function start(t: TestContext, command: string, readyWords = /Darkroom is ready/) {
  const dataDir = temporaryFolder(t)
  const port = await freePortRange(7)
  const all: number[] = []
  // This hook runs before the fixture waits for the end of the output, which these processes hold open.
  t.after(() => {
    for (const pid of all) if (isRunning(pid)) process.kill(pid, 'SIGKILL')
  })
  const program = startProgram(t, ['sh', '-c', `cd '${root}' && ${command}`], {
    PORT: String(port),
    DATA_DIR: dataDir,
    MIN_FREE_BYTES: '0',
    LOG_LEVEL: 'info',
    HOME: dataDir,
    npm_config_update_notifier: 'false',
  })
  await until('it is ready', () => {
    if (program.stderr.includes('rror')) throw new Error(program.stderr)
    return readyWords.test(program.stdout)
  })
  all.push(...descendantsOf(program.pid))
  return { url: `http://127.0.0.1:${port}`, dataDir, program, all }
}

function descendantsOf(pid: number): number[] {
  return childrenOf(pid).flatMap(child => [child, ...descendantsOf(child)])
}

/** How many times it began a clean shutdown. */
function drains({ stdout }: Program): number {
  return stdout.split('\n').filter(line => /"service":"darkroom".*"draining"/.test(line)).length
}

const isGone = (pids: readonly number[]) => !pids.some(isRunning)

/** An upload whose last byte is missing; `end` sends it and resolves with the status of the response. */
async function beginUpload(url: string, dataDir: string) {
  const image = tiffOf(4 * 1024 * 1024)
  const upload = request(`${url}/images`, { method: 'POST', agent: false })
  const answer = new Promise<number | undefined>((answered, failed) => {
    upload.once('response', response => answered(response.resume().statusCode)).once('error', failed)
  })
  upload.write(image.subarray(0, -1))
  await until('the storage is writing', () => stored(dataDir).length > 0)
  return {
    end() {
      upload.end(image.subarray(-1))
      return answer
    },
  }
}

test('SIGTERM to npm start answers the upload in progress, and npm waits for the end: exit code 0', {
  skip,
}, async t => {
  const { url, dataDir, program, all } = await start(t, 'exec npm start')
  const upload = await beginUpload(url, dataDir)
  program.signal('SIGTERM')
  await until('it drains', () => drains(program) === 1)
  assert.equal(await upload.end(), 202)
  assert.deepEqual(await program.ended, { code: 0, signal: null })
  await until('no process is left', () => isGone(all))
})

test('a signal that a terminal and npm send both counts once', { skip }, async t => {
  const { program, all } = await start(t, 'exec npm start')
  for (const pid of [program.pid, ...all]) process.kill(pid, 'SIGINT')
  assert.deepEqual(await program.ended, { code: 0, signal: null })
  assert.equal(drains(program), 1)
})

for (const signal of ['SIGTERM', 'SIGKILL'] as const)
  test(`${signal} to npx darkroom start shuts the service down cleanly`, { skip }, async t => {
    const { program, all, url, dataDir } = await start(t, 'exec npx darkroom start')
    const upload = await beginUpload(url, dataDir)
    program.signal(signal)
    await until('it drains', () => drains(program) === 1)
    assert.equal(await upload.end(), 202)
    await until('no process is left', () => isGone(all))
  })

test('Nx and the services of npm run dev shut down cleanly when npm is killed', { skip }, async t => {
  const command = manifest.scripts.dev.replace('tag:service', 'storage')
  assert.notEqual(command, manifest.scripts.dev)
  const { program, all } = await start(t, `exec npm exec -c '${command}'`, /Server listening/)
  program.signal('SIGKILL')
  await until('no process is left', () => isGone(all))
  await program.ended
  assert.match(program.stdout, / draining /)
  assert.match(program.stdout, /Completed running/, 'the exit code of the service is 0')
})

/** The terminal of a user of `npm run dev`. Its keyboard is a named pipe here. */
const ends: Record<string, (terminal: Program, keyboard: string) => void> = {
  'Ctrl-C in': (_terminal, keyboard) => writeFileSync(keyboard, '\x03'),
  Closing: terminal => terminal.signal('SIGKILL'),
}

for (const [what, end] of Object.entries(ends))
  test(`${what} the terminal of npm run dev shuts Nx and all services down cleanly`, { skip }, async t => {
    // All seven services, on free ports.
    const job = `set -m; npm exec -c '${manifest.scripts.dev}'; :`
    const { program, dataDir, all } = await start(
      t,
      `mkfifo "$DATA_DIR/keyboard" && PORT=0 exec script -q -f -c "${job}" /dev/null <>"$DATA_DIR/keyboard"`,
      /(Server listening.*){7}/s,
    )
    const writeAheadLog = join(dataDir, 'task-db.sqlite-wal')
    assert.ok(existsSync(writeAheadLog))
    end(program, join(dataDir, 'keyboard'))
    await until('no process is left', () => isGone(all))
    await program.ended
    assert.ok(!existsSync(writeAheadLog), 'the task DB was closed cleanly')
  })

test('a service that an npm script started in its own session continues when npm ends', {
  skip,
}, async t => {
  const command = 'node apps/darkroom/bin/darkroom.js start'
  const { program, url, all } = await start(t, `exec npm exec -c 'setsid --wait ${command}'`)
  const service = all.find(pid => title(pid).startsWith(command))
  assert.ok(service !== undefined)
  const outliving = [service, ...descendantsOf(service)]
  try {
    for (const pid of [program.pid, ...all]) if (!outliving.includes(pid)) process.kill(pid, 'SIGKILL')
    await until('npm is gone', () => !isRunning(program.pid))
    // The time of four checks of a service that would end with npm.
    const since = performance.now()
    await until('a second has passed', () => performance.now() - since > 1000)
    assert.equal((await httpRequest(url, '/healthz')).status, 200)
    assert.equal(drains(program), 0)
  } finally {
    process.kill(service, 'SIGKILL') // it holds npm's output open, and the fixture waits for its end
  }
})

function title(pid: number): string {
  return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
}

test('the systemd unit starts the same command as npm start, with existing settings, and waits for the whole drain', () => {
  const unit = readFileSync(join(root, 'docs/darkroom.service'), 'utf8')
  const settingOf = (name: string) => new RegExp(`^${name}=(.*)$`, 'm').exec(unit)?.[1] ?? ''
  const folder = settingOf('WorkingDirectory')
  assert.equal(
    `exec ${settingOf('ExecStart').replace(`${folder}/node_modules/.bin/`, '')}`,
    manifest.scripts.start,
  )
  const readme = readFileSync(join(root, 'apps/darkroom/README.md'), 'utf8')
  const variables = [...unit.matchAll(/^Environment=(\w+)=/gm)].map(([, name]) => name)
  assert.deepEqual(variables, ['PORT', 'DATA_DIR', 'NODE_COMPILE_CACHE'])
  for (const name of variables) assert.ok(readme.includes(`\`${name}\``), `${name} is not in the README`)
  const drainMs = Number(/`DRAIN_MS` +\| `(\d+)`/.exec(readme)?.[1])
  assert.ok(Number(settingOf('TimeoutStopSec')) * 1000 > 2 * drainMs)
  assert.equal(settingOf('KillMode'), 'mixed')
  assert.equal(settingOf('Environment=DATA_DIR'), `/var/lib/${settingOf('StateDirectory')}`)
})
