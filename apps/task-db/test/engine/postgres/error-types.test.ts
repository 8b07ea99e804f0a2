import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { httpRequest, startPostgres, until, withEngine } from '@darkroom/testing'
import { error, taskId } from '../../sample-tasks.ts'
import { emptySchema } from './postgres-store.ts'
import { claimTask, createTask, post, startCopy } from './service.ts'

/** PostgreSQL can't store the first in a text, and can't have the second in an index. */
const uncountable = ['a\u0000b', 'x'.repeat(3000), 'a b', '']

await withEngine('postgres', async program => {
  const { url } = await startPostgres({ after }, program)

  test('a failure whose type PostgreSQL could not count is refused, so all other outcomes are counted', async t => {
    const copy = await startCopy(t, await emptySchema(url))
    const fail = async (number: number, type: string) => {
      await createTask(copy.url, number)
      const task = (await claimTask(copy.url)) ?? assert.fail('there was no task to claim')
      const failed = { state: 'failed', token: task.claims, error: { ...error, type }, retryable: false }
      return (await post(copy.url, `/tasks/${taskId(number)}`, failed)).status
    }
    const statuses: number[] = []
    for (const [number, type] of uncountable.entries()) statuses.push(await fail(number, type))
    assert.equal(await fail(uncountable.length, error.type), 200)
    await until('the failure is counted', async () => {
      const { failures } = (await httpRequest(copy.url, '/stats/last-hour')).json()
      return (failures as { type: string }[]).some(({ type }) => type === error.type)
    })
    assert.deepEqual(
      statuses,
      uncountable.map(() => 400),
    )
  })
})
