import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ScanHistory } from '../../../src/permute/jpeg/scan-history.ts'
import { NotWellFormed } from '../../../src/permute/not-well-formed.ts'

const frame = {
  ...{ width: 8, height: 8, isProgressive: true },
  components: [{ id: 1, horizontal: 1, vertical: 1, table: 0 }],
}
const tables = new Map([[0, new Uint8Array(64)]])
const scan = (spectralStart: number, spectralEnd: number, highBit: number, lowBit: number) => ({
  ...{ isProgressive: true, components: [{ index: 0, dcTable: 0, acTable: 0 }] },
  ...{ spectralStart, spectralEnd, highBit, lowBit },
})

test('the scans of a progressive JPEG begin with DC, and refine each bit once', () => {
  const [dc, ac] = [scan(0, 0, 0, 0), scan(1, 63, 0, 1)]
  assert.throws(() => new ScanHistory(frame).add(ac, tables), NotWellFormed)
  const history = new ScanHistory(frame)
  history.add(dc, tables)
  history.add(ac, tables)
  assert.throws(() => history.end(), NotWellFormed, 'the last bit of AC is missing')
  assert.throws(() => history.add(ac, tables), NotWellFormed)
  history.add(scan(1, 63, 1, 0), tables)
  assert.equal(history.end().length, 1)
  assert.throws(() => history.add(dc, tables), NotWellFormed)
})
