#!/usr/bin/env node
// A short command spends most of its time loading and compiling, so compiled code is cached, also for child processes.
// This file is JavaScript: for a single TypeScript file outside of the cache, Node would load its compiler.
import { enableCompileCache } from 'node:module'
import { fileURLToPath } from 'node:url'

// Only the user who installed Darkroom can write to the cache. Node's default is in /tmp, where any user may make it.
process.env.NODE_COMPILE_CACHE ??= fileURLToPath(
  new URL('../../../node_modules/.cache/compiled', import.meta.url),
)
enableCompileCache(process.env.NODE_COMPILE_CACHE)

await import('../src/main.ts')
