import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { after, test } from 'node:test'
import { defaultPorts } from '@darkroom/contracts'
import { withEngine } from '@darkroom/testing'
import { exportedMetrics } from './exported-metrics.ts'

const folder = resolve(import.meta.dirname, '../../../../docker/monitoring')
const read = (file: string) => readFileSync(resolve(folder, file), 'utf8')

const metrics = await exportedMetrics({ after })
const exported = [...metrics.values()].join('\n')

/** The series that these services export. A histogram has three. */
const series = new Set(
  [...exported.matchAll(/^# TYPE (\S+) (\S+)$/gm)].flatMap(([, name, type]) =>
    type === 'histogram' ? ['_bucket', '_sum', '_count'].map(end => name + end) : [String(name)],
  ),
)

withEngine('promtool', promtool => {
  const run = (args: string[], input = '') =>
    spawnSync(promtool, args, { input, encoding: 'utf8', cwd: folder })

  test('promtool finds no fault in the metrics of any service', () => {
    assert.equal(metrics.size, 7)
    for (const [service, text] of metrics) {
      const { status, stderr } = run(['check', 'metrics'], text)
      assert.deepEqual([status, stderr], [0, ''], service)
    }
  })

  test('each alert fires for its problem, and no alert fires for a healthy Darkroom', () => {
    const { status, stdout, stderr } = run(['test', 'rules', 'alerts.test.yaml'])
    assert.equal(status, 0, stdout + stderr)
    for (const [, alert] of read('alerts.yaml').matchAll(/- alert: (\S+)/g))
      assert.match(read('alerts.test.yaml'), new RegExp(`\\b${alert}\\b`), `${alert} has no test`)
  })

  test('promtool accepts the configuration of Prometheus', () => {
    const { status, stdout, stderr } = run(['check', 'config', '--syntax-only', 'prometheus.yaml'])
    assert.equal(status, 0, stdout + stderr)
  })
})

test('alerts and dashboard name only metrics that are exported', () => {
  for (const file of ['alerts.yaml', 'dashboard.json']) {
    const named = new Set(read(file).match(/\b(darkroom|http|nodejs|process)_\w+/g))
    assert.ok(named.size > 5, file)
    assert.deepEqual(
      [...named].filter(name => !series.has(name)),
      [],
      file,
    )
  }
})

test('Prometheus scrapes every service at its port', () => {
  const jobs = read('prometheus.yaml').matchAll(/names: \[(\S+)\], type: A, port: (\d+)/g)
  assert.deepEqual(Object.fromEntries([...jobs].map(([, name, port]) => [name, Number(port)])), defaultPorts)
})

test('the metrics of idle services show that nothing waits and that all are ready', () => {
  for (const [service, text] of metrics) assert.match(text, /^darkroom_ready 1$/m, service)
  assert.match(exported, /^darkroom_oldest_waiting_seconds 0$/m)
  assert.match(exported, /^darkroom_oldest_notice_seconds 0$/m)
  assert.match(exported, /^darkroom_intake_open 1$/m)
  assert.match(exported, /^darkroom_disk_bytes\{kind="free"\} [1-9]/m)
})
