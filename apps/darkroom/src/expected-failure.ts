/** A failure that the user can correct, explained in one sentence, without a stack trace. */
export class ExpectedFailure extends Error {}
