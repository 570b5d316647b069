/** One operator at a time changes the old cluster's services: two would note and forget each other's replicas. */
import { OperatorLock } from "../operator-lock.ts";
import type { Way } from "../session.ts";
import type { SourceCluster } from "./port.ts";

/** The cluster, with the operator's lock for as long as it is worked on. Each act throws where another operator is at a step. */
export function whileAlone(way: Pick<Way, "open" | "connect">, cluster: SourceCluster): SourceCluster {
	const alone = async <T>(act: () => Promise<T>): Promise<T> => {
		// The lock is held in the database in which the replicas are noted.
		await way.open();
		const lock = new OperatorLock(way);
		try {
			await lock.hold();
			return await act();
		} finally {
			await lock.release();
		}
	};
	return { stop: () => alone(() => cluster.stop()), start: () => alone(() => cluster.start()) };
}
