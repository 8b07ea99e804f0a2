import { type App, Gauge } from '@darkroom/service-kit'
import type { IntakeGate } from './intake-gate.ts'

/** Adds to the app's metrics whether this frontend accepts uploads. */
export function measureIntake(app: App, intake: Pick<IntakeGate, 'state'>): void {
  new Gauge({
    name: 'darkroom_intake_open',
    help: 'Whether uploads are accepted: 1, or 0 while the intake is paused',
    registers: [app.metrics],
    collect() {
      this.set(intake.state === 'open' ? 1 : 0)
    },
  })
}
