import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { startProgram } from '@darkroom/testing'
import { createLogger } from '../../src/index.ts'

const script = fileURLToPath(new URL('log-one-line.ts', import.meta.url))
const command = [process.execPath, script] as const

test('a logger writes JSON if its output is not a terminal', async t => {
  const program = startProgram(t, command)
  await program.ended
  const { time: _, ...logged } = JSON.parse(program.stdout)
  assert.deepEqual(logged, { level: 30, service: 'storage', msg: 'it is well' })
})

test('a logger writes lines for people on a terminal', async t => {
  const program = startProgram(t, ['script', '-qec', command.join(' '), '/dev/null'], { TERM: 'dumb' })
  await program.ended
  assert.match(program.stdout, /^\d\d:\d\d:\d\d\.\d{3} storage {7}info {2}it is well\r\n$/)
})

test('LOG_FORMAT decides, for any output', async t => {
  const lines = startProgram(t, command, { LOG_FORMAT: 'lines' })
  const wrong = startProgram(t, command, { LOG_FORMAT: 'xml' })
  const json = ['script', '-qec', command.join(' '), '/dev/null'] as const
  const onTerminal = startProgram(t, json, { LOG_FORMAT: 'json' })
  await Promise.all([lines, wrong, onTerminal].map(({ ended }) => ended))
  assert.match(lines.stdout, / storage {7}info {2}it is well\n$/)
  assert.equal(JSON.parse(onTerminal.stdout).msg, 'it is well')
  assert.match(wrong.stderr, /LOG_FORMAT must be "lines" or "json", got "xml"/)
})

test('an error of an aborted request is logged by type, message and stack', () => {
  const lines: string[] = []
  const logger = createLogger('storage', 'info', { write: line => lines.push(line) })
  const { reason } = AbortSignal.abort()
  logger.warn({ err: reason }, 'no response')
  logger.warn({ err: new Error('broken', { cause: reason }) }, 'no response')
  const [aborted, broken] = lines.map(line => JSON.parse(line).err)
  assert.deepEqual(aborted, {
    type: 'AbortError',
    message: 'This operation was aborted',
    stack: reason.stack,
  })
  assert.equal(broken.message, 'broken: This operation was aborted')
})
