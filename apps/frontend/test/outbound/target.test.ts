import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { readNetworks } from '../../src/outbound/networks.ts'
import { mistakeInTarget } from '../../src/outbound/target.ts'

const rules = {
  networks: readNetworks('10.1.0.0/16'),
  publicUrls: [new URL('https://photos.example/darkroom'), new URL('http://whole.example:8088')],
}

function assertRefused(urls: readonly string[], message: RegExp): void {
  for (const url of urls) assert.match(mistakeInTarget(url, rules) ?? 'it is allowed', message, url)
}

suite('a URL that a caller names', () => {
  test('a URL that a caller names may be http or https, on the ports 80, 443 and above 1023', () => {
    for (const url of [
      'http://a.example',
      'https://a.example:443/b?c',
      'http://a.example:1024',
      'http://10.1.0.1',
    ])
      assert.equal(mistakeInTarget(url, rules), undefined, url)
  })

  test('a URL that a caller names is refused for another scheme, a user name, or the port of another protocol', () => {
    assertRefused(['ftp://a.example', 'file:///etc/passwd', 'data:,x', 'a.example', ''], /http or https/)
    assertRefused(['http://me@a.example', 'http://:secret@a.example'], /user name/)
    assertRefused(['http://a.example:25', 'http://a.example:0', 'https://a.example:1023'], /port/)
    for (const character of ['\0', '\n', '\t', '\x7f', '\ud800'])
      assertRefused(
        [`http://a.example/x${character}y`, `http://a.example/${character}`],
        /control characters/,
      )
    assertRefused([`http://a.example/${'x'.repeat(2000)}`], /longer/)
  })

  test('a URL that a caller names is refused for an address that is not public, in any notation', () => {
    const spellings = [
      '127.0.0.1',
      '[::1]',
      '[::ffff:127.0.0.1]',
      '0x7f000001',
      '2130706433',
      '127.1',
      '0',
      '127.0.0.1.',
    ]
    assertRefused(
      spellings.map(host => `http://${host}:9000/`),
      /not public/,
    )
  })

  test('a URL that a caller names is refused if it is a public URL of this Darkroom', () => {
    assertRefused(
      [
        'https://photos.example/darkroom/images',
        'http://photos.example/darkroom',
        'https://PHOTOS.example./darkroom/x',
        'http://whole.example:8088/anything',
      ],
      /itself/,
    )
    for (const url of [
      'https://photos.example/darkroom-hook',
      'https://photos.example:8443/darkroom/x',
      'http://whole.example/hook',
    ])
      assert.equal(mistakeInTarget(url, rules), undefined, url)
  })
})
