import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import {
  freePort,
  generateImage,
  httpRequest,
  startProgram,
  temporaryFolder,
  until,
  withEngine,
} from '@darkroom/testing'
import { Upload } from 'tus-js-client'
import { startFrontend } from './start-frontend.ts'

const MiB = 1024 * 1024
const png = await generateImage({ kind: 'png', width: 40, height: 30, seed: 1 })
/** The intake ignores bytes after the end of a PNG. */
const large = Buffer.concat([png, randomBytes(10 * MiB)])
const frontend = await startFrontend({ after })

withEngine('nginx', program => {
  test('a large upload in small chunks works behind nginx, which refuses bodies above 1 MiB by default', async t => {
    const folder = temporaryFolder(t)
    const port = await freePort()
    const file = join(folder, 'nginx.conf')
    const paths = ['client_body', 'proxy', 'fastcgi', 'scgi', 'uwsgi'].map(
      name => `${name}_temp_path ${folder}/${name};`,
    )
    const user = process.getuid?.() === 0 ? 'user root;' : ''
    writeFileSync(
      file,
      `${user} daemon off; master_process off; pid ${folder}/pid; error_log stderr; events {} http { access_log off; ${paths.join(' ')}
      server { listen 127.0.0.1:${port}; location / { proxy_pass ${frontend.url}; } } }`,
    )
    startProgram(t, [program, '-c', file], { HOME: folder })
    const url = `http://127.0.0.1:${port}`
    await until('nginx answers', async () => (await httpRequest(url, '/healthz')).status === 200)
    const path = await new Promise<string>((resolve, reject) => {
      const sending = new Upload(large, {
        endpoint: `${url}/uploads`,
        chunkSize: MiB,
        retryDelays: [0, 100, 1000],
        onSuccess: () => resolve(new URL(sending.url ?? '').pathname),
        onError: reject,
      })
      sending.start()
    })
    const original = await httpRequest(url, `/images/${path.split('/').at(-1)}/original`)
    assert.ok(original.body.equals(large))
  })
})
