import { describeOperations, frontendRoutes } from '@darkroom/contracts'
import type { App } from '@darkroom/service-kit'

export function addOperationRoutes(app: App): void {
  const description = { operations: describeOperations() }
  app.route({ ...frontendRoutes.listOperations, handler: async () => description })
}
