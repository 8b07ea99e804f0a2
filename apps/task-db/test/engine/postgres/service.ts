import type { TestContext } from 'node:test'
import type { Task } from '@darkroom/contracts'
import { type HttpResponse, httpRequest, type ServiceProcess, startService } from '@darkroom/testing'
import { newTask, taskId } from '../../sample-tasks.ts'

export const json = { 'content-type': 'application/json' }

/** Starts a copy of the task DB as a process that is not registered in kv-config. */
export function startCopy(
  t: TestContext,
  url: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<ServiceProcess> {
  const env = { TASK_STORE_URL: url, KV_URL: 'http://127.0.0.1:9', LOG_LEVEL: 'silent', ...settings }
  return startService(t, 'task-db', env)
}

export function post(url: string, path: string, body: object): Promise<HttpResponse> {
  return httpRequest(url, path, { method: 'POST', headers: json, body: Buffer.from(JSON.stringify(body)) })
}

export function createTask(url: string, number: number): Promise<HttpResponse> {
  return post(url, `/tasks/${taskId(number)}`, newTask())
}

/** The task, or undefined if there was none to claim. */
export async function claimTask(
  url: string,
  { worker = 'worker-1', leaseMs = 60_000, wait = 0 } = {},
): Promise<Task | undefined> {
  const response = await post(url, `/tasks/claim?wait=${wait}`, { worker, leaseMs })
  if (response.status === 204) return undefined
  if (response.status !== 200) throw new Error(`${response.status}: ${response.body}`)
  return response.json() as unknown as Task
}
