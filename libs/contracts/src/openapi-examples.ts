const id = '01997f3c-8a4e-7c11-9d2e-5b8f0c4a7e63'
const sha256 = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08'
const facts = { contentType: 'image/jpeg', bytes: 482_113, width: 1600, height: 1200, frames: 1, sha256 }

/** An example of each named schema of the OpenAPI document that people read. */
export const examples: Readonly<Record<string, unknown>> = {
  ImageFacts: facts,
  ImageStatus: {
    id,
    state: 'finished',
    operations: [{ name: 'swap-channels', order: 'bgr' }],
    attempts: 1,
    createdAt: '2026-01-31T09:00:00.000Z',
    startedAt: '2026-01-31T09:00:00.010Z',
    finishedAt: '2026-01-31T09:00:00.120Z',
    original: facts,
    result: facts,
    links: {
      self: `/images/${id}`,
      original: `/images/${id}/original`,
      result: `/images/${id}/result`,
      events: `/images/${id}/events`,
    },
  },
  ImageRequest: { url: 'https://photos.example/cat.jpg', operations: 'resize:800x600,format:webp' },
  NewKey: { owner: 'shop', name: 'the web shop' },
  Problem: {
    type: 'urn:darkroom:problem:image-not-found',
    title: 'Image not found',
    status: 404,
    detail: `there is no image ${id}`,
  },
}

/** Examples of parameters by name. */
export const parameterExamples: Readonly<Record<string, unknown>> = {
  id,
  operations: 'resize:800x600,format:webp',
  prefer: 'wait=20',
  priority: 'u=1',
  range: 'bytes=0-1023',
  'idempotency-key': 'order-4711',
}
