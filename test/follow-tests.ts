import hooks, { AsyncLocalStorage, AsyncResource, type HookCallbacks } from 'node:async_hooks'
import { syncBuiltinESMExports } from 'node:module'

/*
 * Node's test runner follows every promise by async hooks, to find the test that an uncaught error belongs to. In a
 * measurement, that took a sixth of the CPU time of all test processes. AsyncLocalStorage finds the test, too, and costs
 * almost nothing. So the runner gets other functions of node:async_hooks, if this module is loaded before node:test.
 */
const { createHook, executionAsyncId } = hooks
const { runInAsyncScope } = AsyncResource.prototype
const tests = new WeakSet<object>()
const idOfTest = new AsyncLocalStorage<number>()

Object.assign(hooks, {
  createHook: ({ init }: HookCallbacks) =>
    createHook({
      trackPromises: false,
      init(id, type, triggerId, resource) {
        if (type !== 'Test') return
        tests.add(resource)
        init?.(id, type, triggerId, resource)
      },
    }),
  executionAsyncId: () => idOfTest.getStore() ?? executionAsyncId(),
})

Object.assign(AsyncResource.prototype, {
  runInAsyncScope(
    this: AsyncResource,
    run: (...args: unknown[]) => unknown,
    self: unknown,
    ...args: unknown[]
  ) {
    const runAsTest = tests.has(this)
      ? () => idOfTest.run(this.asyncId(), () => run.apply(self, args))
      : () => run.apply(self, args)
    return runInAsyncScope.call(this, runAsTest)
  },
})

syncBuiltinESMExports()
