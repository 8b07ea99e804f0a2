import type { App } from '@darkroom/service-kit'
import { Gauge } from 'prom-client'
import type { IntakeGate } from './intake-gate.ts'

/** Whether this frontend takes uploads, in the app's metrics. */
export function measureIntake(app: App, intake: Pick<IntakeGate, 'state'>): void {
  new Gauge({
    name: 'darkroom_intake_open',
    help: 'Whether uploads are taken: 1, or 0 while the intake is paused',
    registers: [app.metrics],
    collect() {
      this.set(intake.state === 'open' ? 1 : 0)
    },
  })
}
