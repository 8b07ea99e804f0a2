import { problems } from './problem-types.ts'
import { defineRoute } from './route.ts'
import { IntakeState } from './shared-state.ts'
import { Type } from './typebox/typebox.js'

/** Whether uploads are accepted. */
const Intake = Type.Object({ state: IntakeState }, { additionalProperties: false })

export const intakeRoutes = {
  setIntake: defineRoute({
    method: 'PUT',
    url: '/intake',
    access: 'operator',
    schema: {
      summary:
        'Pauses or opens the intake: while it is paused, every frontend refuses uploads with 503, within seconds and in every data centre',
      body: Intake,
      response: { 200: Intake, 400: problems('invalid-request'), 409: problems('intake-not-set') },
    },
  }),
}
