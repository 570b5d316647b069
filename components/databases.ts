import type { Stage } from "../config/stage.ts";
import type { Claims } from "./claims.ts";
import { Database } from "./database.ts";
import type { Environment } from "./environment.ts";

/**
 * Declares the databases of a stage, by handle. A replica depends on its primary, so that it is made after it and deleted
 * before it: Aptible deletes no primary that still has one.
 */
export function declareDatabases(
	{ databases, environment }: Stage,
	environmentResource: Environment,
	claims: Claims,
): Record<string, Database> {
	const declared: Record<string, Database> = {};
	// A replica follows a database that follows none, so that two rounds are enough.
	const [primaries, replicas] = [false, true].map((follows) =>
		Object.entries(databases).filter(([, { replicaOf }]) => (replicaOf !== undefined) === follows),
	);
	for (const [handle, { replicaOf, logical, ...database }] of [...(primaries ?? []), ...(replicas ?? [])]) {
		const primary = replicaOf === undefined ? undefined : declared[replicaOf];
		const follows =
			replicaOf === undefined
				? undefined
				: { handle: replicaOf, renamedFrom: databases[replicaOf]?.renamedFrom, logical };
		declared[handle] = new Database(
			handle,
			{ ...database, environment: environment.handle, claims, replicaOf: follows },
			{ dependsOn: primary === undefined ? [environmentResource] : [environmentResource, primary] },
		);
	}
	return declared;
}
