import { defaultOperations, describeOperations, frontendRoutes } from '@darkroom/contracts'
import type { App } from '@darkroom/service-kit'

export function addOperationRoutes(app: App): void {
  const description = { operations: describeOperations(), default: [...defaultOperations] }
  app.route({ ...frontendRoutes.listOperations, handler: async () => description })
}
