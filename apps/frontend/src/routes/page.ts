import { type App, ServiceProblem } from '@darkroom/service-kit'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { PageFile, PageFiles } from '../page/page-files.ts'

/** The paths of the page, and the file of each. */
const pagePaths = { '/': 'index.html', '/status': 'status.html', '/docs': 'docs.html' } as const

/** The page, its scripts and its styles. They are public; the data that the page shows needs a session. */
export function addPageRoutes(app: App, files: PageFiles | undefined): void {
  const options = { config: { access: 'anyone' } } as const
  for (const [path, name] of Object.entries(pagePaths))
    app.get(path, options, (request, reply) => {
      // Relative links of the page need the slash at the end of a public URL with a path.
      const [asked = '/'] = request.originalUrl.split('?')
      if (path === '/' && !asked.endsWith('/')) return reply.redirect(`${asked}/`, 308)
      const file = files?.get(name)
      if (!file) throw new ServiceProblem(404, 'page-not-built', notBuilt)
      return sendFile(file, request, reply)
    })
  app.get<{ Params: { '*': string } }>('/assets/*', options, (request, reply) => {
    const file = files?.get(`assets/${request.params['*']}`)
    if (!file) throw new ServiceProblem(404, 'no-such-route', `the page has no file ${request.url}`)
    return sendFile(file, request, reply)
  })
}

const notBuilt =
  'the page was not built; run npm install in the folder of Darkroom and start it again. The API works without the page'

function sendFile(file: PageFile, { headers }: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { contentType, etag, isImmutable } = file
  reply.headers({
    'cache-control': isImmutable ? 'public, max-age=31536000, immutable' : 'no-cache',
    'content-type': contentType,
    etag,
    vary: [reply.getHeader('vary'), 'accept-encoding'].filter(name => name !== undefined).join(', '),
  })
  if (headers['if-none-match']?.includes(etag)) return reply.code(304).send()
  const encoding = (['br', 'gzip'] as const).find(
    name => file[name] && accepts(headers['accept-encoding'], name),
  )
  if (encoding) reply.header('content-encoding', encoding)
  return reply.send(encoding ? file[encoding] : file.bytes)
}

/** Whether Accept-Encoding (RFC 9110, 12.5.3) names an encoding with a weight above 0. */
function accepts(header: string | string[] | undefined, encoding: string): boolean {
  return String(header ?? '')
    .split(',')
    .some(item => {
      const [name = '', weight = ''] = item.split(';')
      return name.trim().toLowerCase() === encoding && !/^\s*q=0(\.0*)?\s*$/i.test(weight)
    })
}
