import { frontendRoutes } from '@darkroom/contracts'
import { type App, acceptJson, ServiceProblem } from '@darkroom/service-kit'
import type { Presets } from '../uploads/presets.ts'

/** Presets can be read by all callers; operators change them, and each change is logged. */
export function addPresetRoutes(app: App, presets: Presets): void {
  acceptJson(app)

  app.route({
    ...frontendRoutes.listPresets,
    handler: async () => ({ presets: await presets.list() }),
  })

  app.route({
    ...frontendRoutes.putPreset,
    handler: async ({ params: { name }, body, caller, log }, reply) => {
      const { preset, isNew } = await presets.put(name, body)
      log.warn({ preset: name, by: caller.keyId }, 'an operator wrote a preset')
      return reply.code(isNew ? 201 : 200).send(preset)
    },
  })

  app.route({
    ...frontendRoutes.deletePreset,
    handler: async ({ params: { name }, caller, log }, reply) => {
      if (!(await presets.delete(name)))
        throw new ServiceProblem(404, 'preset-not-found', `there is no preset "${name}"`)
      log.warn({ preset: name, by: caller.keyId }, 'an operator deleted a preset')
      return reply.code(204).send()
    },
  })
}
