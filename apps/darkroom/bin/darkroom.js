#!/usr/bin/env node
// A short command spends most of its time loading and compiling, so compiled code is cached, also for child processes.
// This file is JavaScript: for a single TypeScript file outside of the cache, Node would load its compiler. It must run
// on any version of Node, to explain which is needed.
import { existsSync } from 'node:fs'
import module from 'node:module'
import { fileURLToPath } from 'node:url'

const neededVersion = 24
const [version] = process.versions.node.split('.').map(Number)
if (version < neededVersion) {
  const home = fileURLToPath(new URL('../../..', import.meta.url))
  const advice = existsSync(`${home}/node_modules/node/bin`)
    ? `which is installed in its folder; npx uses it: npx --prefix ${home} darkroom`
    : `which npm install installs in its folder, ${home}, but not with --omit=dev or --ignore-scripts`
  process.stderr.write(
    `darkroom: this is Node ${version}, and Darkroom needs Node ${neededVersion}, ${advice}\n`,
  )
  process.exit(1)
}

// Only the user who installed Darkroom can write to the cache. Node's default is in /tmp, where any user may make it.
process.env.NODE_COMPILE_CACHE ||= fileURLToPath(
  new URL('../../../node_modules/.cache/compiled', import.meta.url),
)
module.enableCompileCache(process.env.NODE_COMPILE_CACHE)

await import('../src/main.ts')
