/** The command line asks for something that there isn't. */
export class UsageError extends Error {}
