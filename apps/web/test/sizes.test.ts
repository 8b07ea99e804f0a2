// In its own process: it builds the page.
import assert from 'node:assert/strict'
import { cpSync, globSync, mkdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { temporaryFolder } from '@darkroom/testing'
import { build, buildAsInImage } from './build.ts'

const dist = buildAsInImage(temporaryFolder({ after }))

const sizeOf = (script: string) => statSync(join(dist, `${script}.gz`)).size

test('the first view loads at most 30 KiB of script, compressed', () => {
  const html = readFileSync(join(dist, 'index.html'), 'utf8')
  const scripts = [...html.matchAll(/(?:src|href)="\.\/([^"]+\.js)"/g)].map(([, script = '']) => script)
  assert.ok(scripts.length > 0)
  const bytes = scripts.reduce((sum, script) => sum + sizeOf(script), 0)
  assert.ok(bytes <= 30 * 1024, `${bytes} bytes`)
})

test('all scripts together are at most 80 KiB, compressed', () => {
  const scripts = globSync('assets/*.js', { cwd: dist })
  const bytes = scripts.reduce((sum, script) => sum + sizeOf(script), 0)
  assert.ok(bytes <= 80 * 1024, `${bytes} bytes`)
})

test('the page loads nothing from other servers', () => {
  for (const file of globSync('*.html', { cwd: dist })) {
    const html = readFileSync(join(dist, file), 'utf8')
    assert.doesNotMatch(html, /(?:src|href)="(?:https?:)?\/\//)
    assert.doesNotMatch(html, /<style|\sstyle=|<script(?![^>]*src=)|\son[a-z]+=/)
  }
})

test('a test does not use a page that was built before, if it cannot be built', t => {
  const folder = temporaryFolder(t)
  mkdirSync(join(folder, 'apps/web/dist'), { recursive: true })
  cpSync(new URL('../build/build.ts', import.meta.url), join(folder, 'apps/web/build/build.ts'))
  assert.throws(() => build(folder), /the page was not built: .*Vite cannot be loaded/s)
})
