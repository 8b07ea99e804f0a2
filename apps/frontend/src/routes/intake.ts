import { frontendRoutes } from '@darkroom/contracts'
import { type App, acceptJson } from '@darkroom/service-kit'
import type { IntakeGate } from '../intake/intake-gate.ts'

/** The switch that pauses uploads everywhere; `GET /stats` has its state. */
export function addIntakeRoutes(app: App, intake: Pick<IntakeGate, 'set'>): void {
  acceptJson(app)
  app.route({
    ...frontendRoutes.setIntake,
    handler: async ({ body: { state }, caller, log }) => {
      await intake.set(state)
      log.info({ state, by: caller.keyId }, 'the intake was switched')
      return { state }
    },
  })
}
