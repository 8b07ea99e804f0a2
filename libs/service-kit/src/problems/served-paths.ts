import type { FastifyRequest } from 'fastify'
import { ServiceProblem } from './problems.ts'

/** The paths of an app with their methods, to explain why a request has no route. */
export class ServedPaths {
  readonly #paths = new Map<string, { pattern: RegExp; methods: Set<string> }>()

  add({ url, method }: { url: string; method: string | string[] }): void {
    const path = this.#paths.get(url) ?? { pattern: pathPattern(url), methods: new Set() }
    for (const one of [method].flat()) path.methods.add(one)
    this.#paths.set(url, path)
  }

  /** 405 if the path has other methods, otherwise 404. */
  problemOf(request: FastifyRequest): ServiceProblem {
    const path = request.url.split('?')[0] ?? ''
    const allow = this.#methodsOf(path).join(', ')
    if (allow) {
      const detail = `${request.method} is not allowed for this path; allowed: ${allow}`
      return new ServiceProblem(405, 'method-not-allowed', detail, { headers: { allow } })
    }
    const isServedWithoutSlash = this.#methodsOf(path.replace(/\/$/, '')).length > 0
    const remedy = isServedWithoutSlash ? '; remove the slash at its end' : ''
    return new ServiceProblem(404, 'no-such-route', `no such route: ${request.method} ${path}${remedy}`)
  }

  #methodsOf(path: string): string[] {
    const served = [...this.#paths.values()].filter(({ pattern }) => pattern.test(path))
    return [...new Set(served.flatMap(({ methods }) => [...methods]))]
  }
}

/** The router also finds `/things/:id` for `/things/`, with an empty id. */
export function lacksParameter({ params }: FastifyRequest): boolean {
  return Object.entries(params ?? {}).some(([name, value]) => name !== '*' && value === '')
}

function pathPattern(url: string): RegExp {
  const source = url
    .split('/')
    .map(part => (part.startsWith(':') ? '[^/]+' : part === '*' ? '.+' : RegExp.escape(part)))
    .join('/')
  return new RegExp(`^${source}$`)
}
