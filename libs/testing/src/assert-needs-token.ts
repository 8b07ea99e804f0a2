import assert from 'node:assert/strict'
import { assertProblem, type InjectedAnswer } from './assert-problem.ts'

interface InjectedRequest {
  method: 'DELETE' | 'GET' | 'HEAD' | 'POST' | 'PUT'
  url: string
  headers?: Record<string, string>
}

interface InjectableApp {
  inject(request: InjectedRequest): Promise<InjectedAnswer>
}

/** The app refuses the request with 401, unless it has the token. */
export async function assertNeedsToken(
  app: InjectableApp,
  request: InjectedRequest,
  token: string,
): Promise<void> {
  for (const authorization of [undefined, 'Bearer', 'Bearer another', `Basic ${token}`]) {
    const answer = await app.inject({ ...request, ...(authorization && { headers: { authorization } }) })
    assertProblem(answer, 401, 'unauthorized')
    assert.equal(answer.headers['www-authenticate'], 'Bearer')
  }
  const answer = await app.inject({ ...request, headers: { authorization: `Bearer ${token}` } })
  assert.notEqual(answer.statusCode, 401)
}
