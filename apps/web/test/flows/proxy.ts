import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import process from 'node:process'
import { after, test } from 'node:test'
import { startProgram, temporaryFolder, untilAlive, withEngine } from '@darkroom/testing'
import { addTo, dropTiff, fileOf, type InBrowser, rowOf, untilDeveloped, untilLoaded } from '../in-browser.ts'
import { lanName } from '../open-page.ts'
import { signInWith } from './sign-in.ts'

const owner = { after }

/** The page under a path of nginx, which speaks https and has its default limit of bodies. */
export function proxyFlows({ open, png, tlsPort, local, createKey }: InBrowser): void {
  withEngine('nginx', nginx => {
    test('on https, under a path of nginx: sign-in, uploads, events, downloads, dashboard and docs', async () => {
      await startNginx(nginx, tlsPort, new URL(local).port)
      const base = `https://${lanName}:${tlsPort}/darkroom`
      const operator = await createKey({ role: 'operator' })
      await using opened = await open(base, { ignoreHTTPSErrors: true })
      const { page } = opened
      await page.waitForURL(`${base}/`)
      await signInWith(page, operator)
      await page.getByText('Live', { exact: true }).waitFor()
      const [cookie] = await page.context().cookies()
      assert.deepEqual([cookie?.name.startsWith('__Host-'), cookie?.secure], [true, true])
      await addTo(page, fileOf('below.png', png))
      await dropTiff(page, 'pieces.tif', 9 * 1024 * 1024)
      await untilDeveloped(page, 'below.png', 'pieces.tif')
      const download = page.waitForEvent('download')
      await page.getByRole('link', { name: 'Download below.png' }).click()
      assert.equal((await download).suggestedFilename(), 'below.png')

      await page.getByRole('link', { name: 'Status' }).click()
      await page.waitForURL(`${base}/status`)
      await page.getByText('Services and engines').waitFor()
      await page.getByText('Live', { exact: true }).waitFor()
      await page.getByRole('link', { name: 'Docs' }).click()
      await page.waitForURL(`${base}/docs`)
      await page.locator('section[id="getStats"] summary', { hasText: 'Try it' }).click()
      const form = page.getByRole('form', { name: 'Try getStats' })
      await form.getByRole('button').click()
      await form.getByText(/^200/).waitFor()

      // A location without client_max_body_size.
      await page.goto(`${base}/`)
      await page.route('**/images?*', route =>
        route.continue({ url: route.request().url().replace('/darkroom/', '/small/') }),
      )
      await untilLoaded(page) // the tray takes drops when it is drawn
      await dropTiff(page, 'scan.tif', 3 * 1024 * 1024)
      await rowOf(page, 'scan.tif')
        .getByText(/The proxy in front of Darkroom refuses a file of this size/)
        .waitFor()
    })
  })
}

async function startNginx(program: string, port: number, upstream: string): Promise<void> {
  const folder = temporaryFolder(owner)
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')]
  const request = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  const subject = ['-subj', `/CN=${lanName}`, '-days', '2', '-keyout', key, '-out', certificate]
  execFileSync('openssl', [...request, ...subject], { stdio: 'ignore' })
  const temporary = ['client_body', 'proxy', 'fastcgi', 'scgi', 'uwsgi']
  const headers = 'proxy_set_header Host $http_host; proxy_set_header X-Forwarded-Proto $scheme;'
  const lines = `proxy_http_version 1.1; ${headers}`
  const config = join(folder, 'nginx.conf')
  writeFileSync(
    config,
    `${process.getuid?.() === 0 ? 'user root;' : ''} daemon off; master_process off; pid ${folder}/pid;
error_log stderr; events {}
http {
  access_log off;
  ${temporary.map(name => `${name}_temp_path ${folder}/${name};`).join(' ')}
  server {
    listen 127.0.0.1:${port} ssl;
    ssl_certificate ${certificate};
    ssl_certificate_key ${key};
    location /darkroom { proxy_pass http://127.0.0.1:${upstream}; ${lines} client_max_body_size 0; }
    location /small/ { proxy_pass http://127.0.0.1:${upstream}/; ${lines} }
  }
}
`,
  )
  const nginx = startProgram(owner, [program, '-c', config])
  await untilAlive('nginx', nginx, () => isListening(port))
}

function isListening(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1')
    const response = (isThere: boolean) => {
      socket.destroy()
      resolve(isThere)
    }
    socket.once('connect', () => response(true)).once('error', () => response(false))
  })
}
