import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { type TObject, Type } from '@darkroom/contracts/typebox'
import { temporaryFolder } from '@darkroom/testing'
import fc from 'fast-check'
import {
  commonSettings,
  InvalidConfig,
  isLoopback,
  loadConfig,
  portSetting,
  variableName,
} from '../../src/settings/config.ts'

const Config = Type.Object({
  ...commonSettings,
  port: portSetting(8083),
  maxUploadBytes: Type.Integer({ minimum: 1 }),
  ratio: Type.Number({ default: 0.5 }),
  isOpen: Type.Boolean({ default: false }),
  bucket: Type.String(),
})
const needed = { MAX_UPLOAD_BYTES: '1000', BUCKET: 'b' }

function mistakesIn(schema: TObject, env: Record<string, string>): string[] {
  try {
    loadConfig(schema, env)
  } catch (error) {
    assert.ok(error instanceof InvalidConfig)
    const [, ...mistakes] = error.message.split('\n')
    return mistakes.map(mistake => mistake.trim())
  }
  return []
}

suite('settings', () => {
  test('settings are converted from text to the types of the schema', () => {
    const config = loadConfig(Config, { ...needed, PORT: '0', RATIO: '-0.25', IS_OPEN: 'true', BUCKET: '12' })
    assert.equal(config.maxUploadBytes, 1000)
    assert.equal(config.port, 0)
    assert.equal(config.ratio, -0.25)
    assert.equal(config.isOpen, true)
    assert.equal(config.bucket, '12')
  })

  test('settings that are unset or empty have their defaults; optional settings are absent', () => {
    const config = loadConfig(Config, { ...needed, PORT: '', HOST: undefined, CLUSTER_TOKEN: '', OTHER: 'x' })
    assert.deepEqual(config, {
      host: '127.0.0.1',
      kvUrl: 'http://127.0.0.1:8082',
      logLevel: 'info',
      drainMs: 30_000,
      bodyStallMs: 30_000,
      bodyMinBytesPerSecond: 500,
      port: 8083,
      maxUploadBytes: 1000,
      ratio: 0.5,
      isOpen: false,
      bucket: 'b',
    })
  })

  test('settings that are not valid are reported all at once, each with the name of its variable', () => {
    const mistakes = mistakesIn(Config, {
      KV_URL: 'nowhere',
      ADVERTISE_URL: '::',
      CLUSTER_TOKEN: 'short',
      LOG_LEVEL: 'loud',
      DRAIN_MS: '-1',
      PORT: '65536',
      MAX_UPLOAD_BYTES: 'many',
      RATIO: 'half',
      IS_OPEN: 'maybe',
    })
    const names = mistakes.map(mistake => mistake.split(' ')[0])
    const set = ['ADVERTISE_URL', 'CLUSTER_TOKEN', 'DRAIN_MS', 'IS_OPEN', 'KV_URL', 'LOG_LEVEL']
    assert.deepEqual(names.sort(), ['BUCKET', ...set, 'MAX_UPLOAD_BYTES', 'PORT', 'RATIO'].sort())
    assert.ok(mistakes.includes('BUCKET is not set'))
    assert.ok(mistakes.some(mistake => mistake.endsWith('error, fatal or silent, got "loud"')))
    assert.ok(mistakes.includes('MAX_UPLOAD_BYTES must be a whole number, got "many"'))
    assert.ok(!mistakes.join().includes('short'), 'no secret is shown')
  })

  test('settings whose form is not valid are reported with the forms that are, and without passwords', () => {
    const queueUrl = Type.String({ pattern: '^redis://.+', forms: 'redis://[user:password@]host' })
    const schema = Type.Object({ queueUrl })
    assert.deepEqual(mistakesIn(schema, { QUEUE_URL: 'amqp://me:secret@host' }), [
      'QUEUE_URL must be redis://[user:password@]host, got "amqp://…"',
    ])
    assert.deepEqual(mistakesIn(schema, { QUEUE_URL: 'secret' }), [
      'QUEUE_URL must be redis://[user:password@]host',
    ])
  })

  test('settings that are URLs must have a port up to 65535', () => {
    const [KV_URL, ADVERTISE_URL] = ['http://me:secret@127.0.0.1:65536', 'http://127.0.0.1:99999']
    assert.deepEqual(mistakesIn(Config, { ...needed, KV_URL, ADVERTISE_URL }), [
      'KV_URL must be a valid URL, with a port up to 65535',
      'ADVERTISE_URL must be a valid URL, with a port up to 65535',
    ])
  })

  test('settings that are missing are all reported', () => {
    assert.deepEqual(mistakesIn(Config, {}), ['MAX_UPLOAD_BYTES is not set', 'BUCKET is not set'])
  })

  test('settings can be in files, like secrets; the variable itself has priority', t => {
    const path = temporaryFolder(t)
    const file = join(path, 'bucket')
    writeFileSync(file, 'from a file\n')
    const env = { MAX_UPLOAD_BYTES: '1000', BUCKET_FILE: file }
    assert.equal(loadConfig(Config, env).bucket, 'from a file')
    assert.equal(loadConfig(Config, { ...env, BUCKET: '' }).bucket, 'from a file')
    assert.equal(loadConfig(Config, { ...env, BUCKET: 'its own' }).bucket, 'its own')
  })

  test('settings may have whitespace around them, as in a file that was written on Windows', t => {
    const file = join(temporaryFolder(t), 'bucket')
    writeFileSync(file, 'from a file\r\n\n')
    const env = {
      ...needed,
      LOG_LEVEL: 'warn\r',
      PORT: ' 80\r',
      HOST: ' \r',
      BUCKET: '\r',
      BUCKET_FILE: `${file}\r`,
    }
    const { logLevel, port, host, bucket } = loadConfig(Config, env)
    assert.deepEqual(
      { logLevel, port, host, bucket },
      {
        logLevel: 'warn',
        port: 80,
        host: '127.0.0.1',
        bucket: 'from a file',
      },
    )
  })

  test('settings that are tokens must arrive unchanged in a header', () => {
    for (const CLUSTER_TOKEN of ['sixteen words and', 'ein-Wort-für-alle', 'two-lines-of-a\ntoken'])
      assert.deepEqual(mistakesIn(Config, { ...needed, CLUSTER_TOKEN }), [
        'CLUSTER_TOKEN must be ASCII characters without spaces',
      ])
  })

  test('settings whose files are missing or empty are mistakes, even if they have a default', t => {
    const path = temporaryFolder(t)
    const [missing, empty] = [join(path, 'missing'), join(path, 'empty')]
    writeFileSync(empty, '\n')
    const mistakes = mistakesIn(Config, { ...needed, BUCKET: '', BUCKET_FILE: missing, HOST_FILE: empty })
    assert.deepEqual(mistakes, [`HOST_FILE: ${empty} is empty`, `BUCKET_FILE: ${missing} does not exist`])
  })

  test('settings can be in regular files of at most 64 KiB, also through links', t => {
    const path = temporaryFolder(t)
    const large = join(path, 'large')
    const tooLarge = join(path, 'too-large')
    const linked = join(path, 'linked')
    const pipe = join(path, 'pipe')
    writeFileSync(large, 'b'.repeat(64 * 1024))
    writeFileSync(tooLarge, 'b'.repeat(64 * 1024 + 1))
    symlinkSync(large, linked)
    execFileSync('mkfifo', [pipe])
    const read = (file: string) => loadConfig(Config, { MAX_UPLOAD_BYTES: '1000', BUCKET_FILE: file }).bucket
    assert.equal(read(large).length, 64 * 1024)
    assert.equal(read(linked).length, 64 * 1024)
    for (const [file, mistake] of [
      [tooLarge, 'has more than 64 KiB'],
      ['/dev/zero', 'is not a regular file'],
      [pipe, 'is not a regular file'],
      [path, 'is not a regular file'],
    ] as const)
      assert.deepEqual(mistakesIn(Config, { ...needed, BUCKET: '', BUCKET_FILE: file }), [
        `BUCKET_FILE: ${file} ${mistake}`,
      ])
  })

  test('settings that are not whole numbers are refused, not rounded', () => {
    for (const value of ['1.5', '1e3', '0x10', '1 000', '12abc', 'true', 'NaN', 'Infinity', '--1'])
      assert.equal(mistakesIn(Config, { ...needed, MAX_UPLOAD_BYTES: value }).length, 1, value)
  })

  test('settings are accepted or refused as InvalidConfig, whatever their text', () => {
    const env = fc.record(
      {
        PORT: fc.string(),
        DRAIN_MS: fc.string(),
        KV_URL: fc.string(),
        IS_OPEN: fc.string(),
        LOG_LEVEL: fc.string(),
      },
      { requiredKeys: [] },
    )
    fc.assert(fc.property(env, found => void mistakesIn(Config, { ...found, ...needed })))
  })
})

test('a property in camelCase is a variable in UPPER_SNAKE_CASE', () => {
  assert.equal(variableName('maxUploadBytes'), 'MAX_UPLOAD_BYTES')
  assert.equal(variableName('port'), 'PORT')
})

test('loopback addresses are recognised', () => {
  for (const host of ['127.0.0.1', '127.8.9.10', '::1', 'localhost']) assert.ok(isLoopback(host), host)
  for (const host of ['0.0.0.0', '::', '10.0.0.1', '127.0.0.1.example.org', ''])
    assert.ok(!isLoopback(host), host)
})
