import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { after, test } from 'node:test'
import { withEngine } from '@darkroom/testing'
import { exportedMetrics } from './exported-metrics.ts'

const metrics = await exportedMetrics({ after })

withEngine('promtool', promtool => {
  test('promtool finds no fault in the metrics of any service', () => {
    assert.equal(metrics.size, 7)
    for (const [service, input] of metrics) {
      const { status, stderr } = spawnSync(promtool, ['check', 'metrics'], { input, encoding: 'utf8' })
      assert.deepEqual([status, stderr], [0, ''], service)
    }
  })
})
