/** A peer sent what no node of this kind sends. It changes nothing; the message says what was wrong with it. */
export class Nonsense extends Error {}
