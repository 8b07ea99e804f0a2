import assert from 'node:assert/strict'
import { test } from 'node:test'
import { logLines } from '../../src/log/log-lines.ts'
import { createLogger } from '../../src/log/logger.ts'

/** The output of a logger on a terminal, with another time. */
function written(log: (logger: ReturnType<typeof createLogger>) => void, hasColours = false): string {
  let text = ''
  const screen = {
    write(line: string) {
      text += line
    },
  }
  log(createLogger('storage', 'trace', logLines(screen, { hasColours })))
  return text.replaceAll(/\d\d:\d\d:\d\d\.\d{3}/g, 'TIME')
}

test('a log line shows time, service, level, message, id, and then all other fields', () => {
  const text = written(logger => logger.warn({ bytes: 7, id: 'one', at: { port: 80 } }, 'it is late'))
  assert.equal(text, 'TIME storage       warn  it is late id=one bytes=7 at={"port":80}\n')
})

test('an error and its stack follow below the line', () => {
  const lines = written(logger => logger.error({ err: new Error('no space') }, 'it is lost')).split('\n')
  assert.equal(lines[0], 'TIME storage       error it is lost')
  assert.equal(lines[1], '    Error: no space')
  assert.match(lines[2] ?? '', /^ +at .*log-lines\.test\.ts/)
})

test('no text from clients moves the cursor or begins a new line', () => {
  const text = written(logger => logger.info({ id: 'a\u001b[2J\nTIME forged' }, 'x\ry'))
  assert.equal(text, 'TIME storage       info  x\\ry id=a\\u001b[2J\\nTIME forged\n')
})

test('levels have colours only if the terminal supports them', () => {
  assert.ok(written(logger => logger.error('no'), true).includes('\u001b[31merror\u001b[39m'))
  assert.ok(!written(logger => logger.error('no')).includes('\u001b['))
})
