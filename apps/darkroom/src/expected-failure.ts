/** What the user can mend, told in a sentence: where in the code it was noticed doesn't matter. */
export class ExpectedFailure extends Error {}
