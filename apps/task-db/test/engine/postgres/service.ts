import type { TestContext } from 'node:test'
import type { Task } from '@darkroom/contracts'
import { type HttpAnswer, httpRequest, type ServiceProcess, startService } from '@darkroom/testing'
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

export function post(url: string, path: string, body: object): Promise<HttpAnswer> {
  return httpRequest(url, path, { method: 'POST', headers: json, body: Buffer.from(JSON.stringify(body)) })
}

export function createTask(url: string, number: number): Promise<HttpAnswer> {
  return post(url, `/tasks/${taskId(number)}`, newTask())
}

/** The task, or undefined if there was none to claim. */
export async function claimTask(
  url: string,
  { worker = 'worker-1', leaseMs = 60_000, wait = 0 } = {},
): Promise<Task | undefined> {
  const answer = await post(url, `/tasks/claim?wait=${wait}`, { worker, leaseMs })
  if (answer.status === 204) return undefined
  if (answer.status !== 200) throw new Error(`${answer.status}: ${answer.body}`)
  return answer.json() as unknown as Task
}
