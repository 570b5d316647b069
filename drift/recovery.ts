/** Point-in-time recovery as it stands, for whoever asks what there is. */
import type { SnapshotDatabase } from "./snapshot.ts";

/** A sentence for each database of which Aptible says something that a person can use. */
export function tellRecovery(databases: readonly Pick<SnapshotDatabase, "listed">[]): string[] {
	return databases.flatMap(({ listed: { handle, recovery } }) => {
		if (recovery?.status === "supported" && recovery.oldest !== undefined) {
			return [`database "${handle}" can be recovered to any moment since ${recovery.oldest}`];
		}
		if (recovery?.status === "pending_restart") {
			return [
				`database "${handle}" can be recovered to no moment before its next restart, from which on it can: \`aptible db:restart ${handle}\``,
			];
		}
		if (recovery?.status !== "restricted") return [];
		return [
			`database "${handle}" has point-in-time recovery restricted; Aptible's support says why (https://app.aptible.com/support)`,
		];
	});
}
