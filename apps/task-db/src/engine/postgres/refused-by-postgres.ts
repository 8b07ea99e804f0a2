/** PostgreSQL answers that it can't be used as it is; says why, without any secret. */
export class RefusedByPostgres extends Error {}
