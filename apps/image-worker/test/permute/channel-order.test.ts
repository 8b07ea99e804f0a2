import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type ChannelOrder, channelOrders, compose, sourceChannels } from '../../src/permute/channel-order.ts'
import { permuteSamplePairs, permuteSamples } from '../../src/permute/permute-samples.ts'
import { inverseOrder } from './inverse-order.ts'

const orders = fc.constantFrom(...channelOrders)
const channelCounts = fc.constantFrom<3 | 4>(3, 4)

test('an order lists the channels of the original that become red, green and blue', () => {
  assert.deepEqual(sourceChannels('bgr'), [2, 1, 0])
  assert.deepEqual(sourceChannels('gbr'), [1, 2, 0])
  assert.equal(new Set(channelOrders).size, 6)
})

test('samples are permuted at any alignment and length, and nothing around them changes', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 200 }),
      fc.nat(7),
      channelCounts,
      orders,
      (values, offset, channels, order) => {
        const memory = new Uint8Array(values.length + 16).fill(0xee)
        const samples = memory.subarray(offset, offset + values.length)
        samples.set(values)
        permuteSamples(samples, channels, order)
        assert.deepEqual([...samples], expected([...values], channels, order))
        assert.ok(memory.subarray(0, offset).every(byte => byte === 0xee))
        assert.ok(memory.subarray(offset + values.length).every(byte => byte === 0xee))
      },
    ),
  )
})

test('16-bit samples are permuted whole, as a view and as bytes at any alignment', () => {
  fc.assert(
    fc.property(
      fc.uint16Array({ maxLength: 100 }),
      fc.nat(3),
      channelCounts,
      orders,
      (values, offset, channels, order) => {
        const wanted = expected([...values], channels, order)
        const bytes = new Uint8Array(values.length * 2 + 8).subarray(offset, offset + values.length * 2)
        bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength))
        permuteSamplePairs(bytes, channels, order)
        permuteSamples(values, channels, order)
        assert.deepEqual([...values], wanted)
        assert.deepEqual([...new Uint16Array(Uint8Array.from(bytes).buffer)], wanted)
      },
    ),
  )
})

test('the product of two orders equals one after the other', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 30, maxLength: 30 }), orders, orders, (values, first, second) => {
      const twice = Uint8Array.from(values)
      permuteSamples(twice, 3, first)
      permuteSamples(twice, 3, second)
      permuteSamples(values, 3, compose(first, second))
      assert.deepEqual(values, twice)
    }),
  )
})

test('an order and its inverse cancel out, in either sequence', () => {
  for (const order of channelOrders) {
    assert.equal(compose(order, inverseOrder(order)), 'rgb')
    assert.equal(compose(inverseOrder(order), order), 'rgb')
  }
})

function expected(values: number[], channels: number, order: ChannelOrder): number[] {
  const result = [...values]
  for (let at = 0; at + channels <= values.length; at += channels) {
    for (const [channel, source] of [...order].entries()) {
      result[at + channel] = values[at + 'rgb'.indexOf(source)] ?? 0
    }
  }
  return result
}
