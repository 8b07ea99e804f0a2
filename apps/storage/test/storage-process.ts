import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { freePort, httpRequest, inMountNamespace, type Program, startProgram, until } from '@darkroom/testing'

export interface StorageProcess extends Program {
  url: string
}

interface StorageProcessOptions {
  /** The folder of the file engine; without it, `env` names another engine. */
  folder?: string
  /** A shell command that mounts a file system first. Only this process sees the mount. */
  mount?: string
  env?: Record<string, string>
}

export const storageMain = fileURLToPath(new URL('../src/main.ts', import.meta.url))

/** Starts the storage as a separate process, and waits until it answers. It has no kv-config, which is not an error. */
export async function startStorage(
  t: TestContext,
  { folder, mount, env = {} }: StorageProcessOptions,
): Promise<StorageProcess> {
  const port = await freePort()
  const command = [process.execPath, storageMain] as const
  const program = startProgram(t, mount === undefined ? [...command] : inMountNamespace(mount, command), {
    PORT: String(port),
    ...(folder !== undefined && { BLOB_STORE_URL: `file:${folder}` }),
    KV_URL: 'http://127.0.0.1:1',
    LOG_LEVEL: 'fatal',
    MIN_FREE_BYTES: '0',
    ...env,
  })
  const url = `http://127.0.0.1:${port}`
  let hasEnded = false
  program.ended.then(() => {
    hasEnded = true
  })
  await until('the storage answers', async () => {
    assert.ok(!hasEnded, program.stderr)
    return (await httpRequest(url, '/healthz')).status === 200
  })
  return Object.assign(program, { url })
}
