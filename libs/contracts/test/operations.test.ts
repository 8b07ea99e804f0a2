import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { characterOf, lastCharacter } from '@darkroom/testing'
import fc from 'fast-check'
import {
  channelOrders,
  defaultOperations,
  describeOperations,
  formatOperations,
  InvalidOperations,
  maxOperations,
  type Operation,
  Operations,
  operationNames,
  operationTable,
  parseOperations,
} from '../src/index.ts'
import { type TSchema, Value } from '../src/typebox/typebox.js'

const swap = fc.record(
  { name: fc.constant('swap-channels' as const), order: fc.constantFrom(...channelOrders) },
  { noNullPrototype: true },
)
const swaps = fc.array(swap, { minLength: 1, maxLength: maxOperations })

const side = fc.integer({ min: 1, max: 16_383 })
const operation: fc.Arbitrary<Operation> = fc.oneof(
  swap,
  fc.record({ name: fc.constant('crop' as const), width: side, height: side }, { noNullPrototype: true }),
  fc.record({ name: fc.constant('flip' as const) }, { noNullPrototype: true }),
  fc.record(
    { name: fc.constant('rotate' as const), angle: fc.integer({ min: -360, max: 360 }) },
    { noNullPrototype: true },
  ),
)
const operations = fc.array(operation, { minLength: 1, maxLength: maxOperations })

suite('operations', () => {
  test('operations are read as they were written', () => {
    fc.assert(
      fc.property(operations, list => {
        assert.deepEqual(parseOperations(formatOperations(list)), list)
      }),
    )
  })

  test('operations written as name:argument mean what they mean in JSON', () => {
    fc.assert(
      fc.property(swaps, list => {
        const text = list.map(({ name, order }) => `${name}:${order}`).join(', ')
        assert.deepEqual(parseOperations(text), list)
      }),
    )
  })

  test('the example of each operation is read', () => {
    for (const name of operationNames) {
      const [read] = parseOperations(operationTable[name].example)
      assert.equal(read?.name, name)
    }
  })

  const readings: [string, Operation[] | RegExp][] = [
    ['resize:800x600', [{ name: 'resize', width: 800, height: 600, fit: 'inside', enlarge: false }]],
    ['resize:x20:cover:enlarge', [{ name: 'resize', height: 20, fit: 'cover', enlarge: true }]],
    ['resize:x', /resize: width, height or both/],
    ['resize:20x20:tight', /resize: fit must be .*inside/],
    ['crop:4x5+1+2', [{ name: 'crop', width: 4, height: 5, left: 1, top: 2 }]],
    ['crop:4', /crop: "4" is not valid/],
    [
      '[{"name":"crop","width":4,"height":4,"left":2}]',
      /left and top must both be given, or neither, got only left 2/,
    ],
    [
      'resize:20x20:cover:attention',
      [{ name: 'resize', width: 20, height: 20, fit: 'cover', enlarge: false, position: 'attention' }],
    ],
    [
      'resize:20x20:FFAA00:top-left:enlarge:contain',
      [
        {
          ...{ name: 'resize', width: 20, height: 20, fit: 'contain', enlarge: true },
          ...{ position: 'top-left', background: 'FFAA00' },
        },
      ],
    ],
    ['resize:20x20:top', /resize: position "top" needs fit cover or contain, got inside/],
    ['resize:20x20:contain:entropy', /position "entropy" needs fit cover/],
    ['resize:20x20:cover:white', /background "ffffff" needs fit contain, got cover/],
    ['resize:20x20:cover:fill', /fit is given twice: cover and fill/],
    ['crop:4x5:bottom', [{ name: 'crop', width: 4, height: 5, position: 'bottom' }]],
    [
      'crop:4x5:centre:#ffffff',
      [{ name: 'crop', width: 4, height: 5, position: 'center', background: 'ffffff' }],
    ],
    [
      'crop:4x5 1 2:transparent',
      [{ name: 'crop', width: 4, height: 5, left: 1, top: 2, background: 'transparent' }],
    ],
    ['crop:4x5+1+2:top', /either left and top, or a position, not 1,2 and "top"/],
    ['[{"name":"crop","height":5}]', /^crop: missing width; syntax:/],
    ['crop:4x5:middle', /crop: position must be .*top-right/],
    ['pad:10', [{ name: 'pad', top: 10, right: 10, bottom: 10, left: 10 }]],
    ['pad:1:2:202020', [{ name: 'pad', top: 1, right: 2, bottom: 1, left: 2, background: '202020' }]],
    ['pad:1:2:3:4', [{ name: 'pad', top: 1, right: 2, bottom: 3, left: 4 }]],
    ['pad:8x:left', [{ name: 'pad', width: 8, position: 'left' }]],
    [
      '[{"name":"pad","left":3,"background":"#ABCDEF80"}]',
      [{ name: 'pad', left: 3, background: 'ABCDEF80' }],
    ],
    ['pad', /pad: "" is not valid/],
    ['pad:1:2:3:4:5', /is not valid; syntax: pad:<top>/],
    ['pad:x', /either a size or margins: width, height/],
    ['[{"name":"pad","left":3,"width":8}]', /either a size or margins, not both/],
    [
      '[{"name":"pad","left":3,"position":"top"}]',
      /position "top" needs a width or a height instead of margins/,
    ],
    ['pad:8x8:attention', /pad: position must be/],
    ['pad:8:red', /pad: background is not valid, got "red"; expected: Red, green, blue and/],
    ['trim', [{ name: 'trim', threshold: 10 }]],
    ['trim:300', /trim: threshold must be at most 255, got 300/],
    ['round:20', [{ name: 'round', radius: 20 }]],
    ['round:circle:black', [{ name: 'round', circle: true, background: '000000' }]],
    ['round', /round: "" is not valid/],
    ['round:0', /round: radius must be at least 1/],
    ['[{"name":"round","radius":3,"circle":true}]', /either radius or circle is required/],
    ['pixelate', [{ name: 'pixelate', size: 10 }]],
    ['pixelate:2.5', /pixelate: size must be a whole number, got 2.5/],
    ['normalize', [{ name: 'normalise' }]],
    ['rotate:-12.5', [{ name: 'rotate', angle: -12.5 }]],
    ['rotate:+90', [{ name: 'rotate', angle: 90 }]],
    ['rotate: 90', [{ name: 'rotate', angle: 90 }]],
    ['rotate:-1.5e-05', [{ name: 'rotate', angle: -0.000015 }]],
    ['rotate:1E 1', [{ name: 'rotate', angle: 10 }]],
    ['rotate:1e400', /rotate: angle must be a number/],
    ['rotate:0x10', /rotate: angle must be a number, got "0x10"/],
    ['rotate', /rotate: .*angle/],
    ['["flip"]', /an operation in JSON must be an object with a name, such as .*, got "flip"/],
    ['{"name":"flip"}', /operations in JSON must be a list, such as .*, got an object/],
    ['flip:1', /flip: it takes no arguments/],
    ['blur:0.1', /blur: sigma must be at least 0.3/],
    ['tint:#ff8800', [{ name: 'tint', color: 'ff8800' }]],
    ['format:webp:80', [{ name: 'format', type: 'webp', quality: 80 }]],
    ['format:auto:70', [{ name: 'format', type: 'auto', quality: 70 }]],
    ['format:bmp', /format: type must be .*jpeg, png, webp/],
    ['metadata', [{ name: 'metadata', mode: 'strip' }]],
    ['format:jpg', [{ name: 'format', type: 'jpeg' }]],
    ['[{"name":"format","type":"tif","quality":80}]', [{ name: 'format', type: 'tiff', quality: 80 }]],
    ['grayscale', [{ name: 'greyscale' }]],
    ['[{"name":"grayscale"}]', [{ name: 'greyscale' }]],
    ['[{"name":"tint","color":"#Ff8800"}]', [{ name: 'tint', color: 'Ff8800' }]],
    ['tint:white', [{ name: 'tint', color: 'ffffff' }]],
    ['tint:#ff88', /tint: color is not valid, got "#ff88"; expected: Red, green and blue in hex; syntax:/],
    ['grayscale:2', /greyscale: it takes no arguments/],
  ]
  for (const [text, wanted] of readings) {
    test(`${text} ${wanted instanceof RegExp ? 'is refused with an explanation' : 'is read'}`, () => {
      if (wanted instanceof RegExp) assert.throws(() => parseOperations(text), { message: wanted })
      else assert.deepEqual(parseOperations(text), wanted)
    })
  }

  test('operations are read from any text, or refused with InvalidOperations', () => {
    const piece = fc.constantFrom(
      'swap-channels',
      ':',
      ',',
      'bgr',
      ' ',
      '[',
      ']',
      '{',
      '}',
      '"name"',
      '"order"',
      '1',
    )
    const text = fc.oneof(
      fc.string({ unit: fc.nat(lastCharacter).map(characterOf) }),
      fc.json(),
      fc.array(fc.json(), { maxLength: 12 }).map(items => `[${items}]`),
      fc.array(piece).map(pieces => pieces.join('')),
      operations.map(list => formatOperations(list).slice(1)),
    )
    fc.assert(fc.property(text, isParsedOrRefused), { numRuns: 2000 })
  })

  test('operations nested deeper than any stack are refused', () => {
    for (const depth of [100, 4000, 200_000]) {
      const nested = '['.repeat(depth) + ']'.repeat(depth)
      for (const text of [nested, `[{"name":${nested}}]`, `[{"name":"swap-channels","order":${nested}}]`])
        assert.throws(() => parseOperations(text), InvalidOperations)
    }
  })

  test('operations get the defaults of arguments left out', () => {
    for (const text of ['swap-channels', ' swap-channels: ', '[{"name":"swap-channels"}]'])
      assert.deepEqual(parseOperations(text), defaultOperations)
  })

  test('the schemas of operations require only arguments without a default, and accept the examples', () => {
    const required = Object.fromEntries(
      describeOperations().map(({ name, schema }) => [name, (schema as { required: string[] }).required]),
    )
    assert.deepEqual(required['swap-channels'], ['name'])
    assert.deepEqual(required.crop, ['name', 'width', 'height'])
    assert.deepEqual(required.resize, ['name'])
    assert.deepEqual(required.format, ['name', 'type'])
    for (const { schema, example } of describeOperations()) {
      const [operation] = parseOperations(example)
      assert.ok(Value.Check(schema as TSchema, operation), example)
    }
    assert.equal(Value.Check(Operations, [{ name: 'swap-channels' }]), false)
  })

  test('operations that do not exist are refused, with a list of all operations', () => {
    for (const text of ['solarise', 'solarise:2', '[{"name":"solarise"}]', 'swap-channels,solarise']) {
      assert.throws(() => parseOperations(text), {
        message: `unknown operation "solarise"; available operations: ${operationNames.join(', ')}`,
      })
    }
    for (const name of ['constructor', '__proto__', 'toString', ''])
      assert.throws(() => parseOperations(`[{"name":"${name}"}]`), /unknown operation/)
  })

  test('operations with an argument that is not allowed are refused, with a list of the allowed arguments', () => {
    assert.throws(() => parseOperations('swap-channels:xyz'), /order .*bgr, rbg, grb, gbr, brg or rgb/)
    assert.throws(() => parseOperations('[{"name":"swap-channels","size":1}]'), /swap-channels: .*additional/)
  })

  test('operations are at most ten, and at least one', () => {
    assert.equal(parseOperations(Array(10).fill('swap-channels').join()).length, 10)
    for (const text of [
      Array(11).fill('swap-channels').join(),
      `[${Array(11).fill('{"name":"swap-channels"}')}]`,
    ])
      assert.throws(() => parseOperations(text), /11 operations; at most 10/)
    assert.throws(() => parseOperations('[]'), /empty/)
    assert.throws(() => parseOperations(' '), /the list of operations is empty: name an operation/)
    assert.throws(() => parseOperations('flip,'), /an operation is empty: remove the extra comma/)
  })
})

function isParsedOrRefused(text: string): void {
  try {
    const parsed = parseOperations(text)
    assert.ok(Value.Check(Operations, parsed))
  } catch (error) {
    assert.ok(error instanceof InvalidOperations, String(error))
    assert.ok(error.message.length > 0)
  }
}
