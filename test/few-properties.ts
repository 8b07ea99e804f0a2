import fc from 'fast-check'

// Tests as many examples of each property as fit into a tenth of a second; `npm test` tests all. A running example is
// completed, and a property that ran out of time has not failed.
fc.configureGlobal({
  skipAllAfterTimeLimit: 100,
  maxSkipsPerRun: 1,
  reporter(details) {
    if (details.failed && details.counterexamplePath !== null)
      throw new Error(fc.defaultReportMessage(details))
  },
})
