import type pg from "pg";
import type { Finding } from "../findings.ts";
import { stateOf } from "../journal/errors.ts";

const INSUFFICIENT_PRIVILEGE = "42501";

/** What one side is known by: another server under the same address is another side. */
export interface Pin {
	/** Of the cluster's files; nothing where the server does not tell. */
	systemIdentifier: string | undefined;
	database: string;
	/** Such as `15.20`. */
	version: string;
}

export async function readPin(client: pg.Client): Promise<Pin> {
	const { rows } = await client.query<{ database: string; version: string }>(
		"SELECT current_database()::text AS database, split_part(current_setting('server_version'), ' ', 1) AS version",
	);
	// Azure may keep the function to itself.
	const identifier = await client
		.query<{ id: string }>("SELECT system_identifier::text AS id FROM pg_control_system()")
		.then((answer) => answer.rows[0]?.id)
		.catch((error: unknown) => {
			if (stateOf(error) !== INSUFFICIENT_PRIVILEGE) throw error;
			return undefined;
		});
	const [{ database, version }] = rows as [{ database: string; version: string }];
	return { systemIdentifier: identifier, database, version };
}

/** Minor releases of all majors come on one day, so that a minor number has a rank among those of all majors. */
const FIRST_OF_17: Readonly<Record<number, number>> = { 12: 20, 13: 16, 14: 13, 15: 8, 16: 4, 17: 0, 18: -6 };

/** Number of the release day of a version: 17.2, 16.6 and 12.22 have the same one. Nothing for a major that is not known. */
export function patchRank(version: string): number | undefined {
	const [major = 0, minor = 0] = version.split(".").map((part) => Number.parseInt(part, 10));
	const offset = FIRST_OF_17[major];
	return offset === undefined ? undefined : minor - offset;
}

/** Whether the versions go together: source <= client, source <= target, and the client is not of an older day than the source. */
export function compareVersions(source: string, target: string, client: string): Finding[] {
	const major = (version: string) => Number.parseInt(version, 10);
	const findings: Finding[] = [];
	if (major(source) > major(target)) {
		findings.push({
			trap: "source-newer",
			severity: "blocker",
			line: `the source runs PostgreSQL ${source} and the target ${target}, which is older; in the stage file: version: "${major(source)}"`,
		});
	}
	if (major(source) < 12) {
		findings.push({
			trap: "source-too-old",
			severity: "blocker",
			line: `the source runs PostgreSQL ${source}, and the move is known from 12 on; ask MedStack for a newer server`,
		});
	}
	if (major(client) < major(source)) {
		findings.push({
			trap: "client-too-old",
			severity: "blocker",
			line: `the mover's pg_dump is ${client}, and the source runs ${source}; deploy a newer image of the mover: docker build --pull -f packages/mover/Dockerfile .`,
		});
	}
	const [sourceRank, clientRank] = [patchRank(source), patchRank(client)];
	if (sourceRank !== undefined && clientRank !== undefined && clientRank < sourceRank) {
		findings.push({
			trap: "client-patch",
			severity: "warning",
			line: `the mover's pg_dump ${client} is of an older day than the source's ${source}, and may dump what the target refuses; deploy a newer image of the mover: docker build --pull -f packages/mover/Dockerfile .`,
		});
	}
	return findings;
}
