import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { Turns } from '../../src/thread/turns.ts'

const long = 60_000

suite('turns', () => {
  test('are held one at a time, first come, first served', async () => {
    const turns = new Turns()
    const holders: string[] = []
    const hold = async (name: string) => {
      const end = await turns.take(long)
      holders.push(name)
      await new Promise(setImmediate)
      assert.equal(holders.at(-1), name)
      end?.()
    }
    await Promise.all([hold('a'), hold('b'), hold('c')])
    assert.deepEqual(holders, ['a', 'b', 'c'])
  })

  test('turns that end twice end once', async () => {
    const turns = new Turns()
    const end = await turns.take(long)
    end?.()
    const endSecond = await turns.take(long)
    end?.()
    assert.equal(await turns.take(0), undefined)
    endSecond?.()
    assert.ok(await turns.take(0))
  })

  test('turns that do not come in time are not taken; the next in line comes earlier', async () => {
    const turns = new Turns()
    const end = await turns.take(long)
    const [late, next] = [turns.take(0), turns.take(long)]
    assert.equal(await late, undefined)
    end?.()
    assert.ok(await next)
  })
})
