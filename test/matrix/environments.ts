/** Environments of the matrix. */

import { setFault } from "@medstack-to-aptible/sandbox/aptible/faults.ts";
import { attributeOperations } from "@medstack-to-aptible/sandbox/aptible/setup.ts";
import { claimsVariable } from "../../wire/leftovers.ts";
import { postgresql, redis } from "../support/database-spec.ts";
import type { Spec } from "./reconcilers.ts";
import type { Subject } from "./subject.ts";
import type { World } from "./world.ts";

const kept = { daily: 30, monthly: 12, yearly: 6, makeCopy: false, keepFinal: true };

const free = { adopt: false };
const app = { ...free, endpoints: {} };

/** What failed and killed creates leave, and under other claimed handles what is somebody else's. */
async function leave(world: World): Promise<Spec> {
	const at = ["--environment", "acme-test"];
	const facts = await world.applied("claims", {
		environment: { handle: "acme-test", adopt: true },
		databases: { main: free, cache: free, kept: free },
		apps: { portal: app, jobs: app, theirs: app },
		logDrains: { siem: free },
		metricDrains: { metrics: free },
	});
	process.env[claimsVariable] = JSON.stringify(facts);
	await world.cli("apps:create", "portal", ...at);
	for (const handle of ["jobs", "theirs"]) {
		await world.cli("apps:create", handle, ...at);
		await world.cli("deploy", "--app", handle, ...at, "--docker-image", "acme/portal:1");
	}
	attributeOperations(world.dir, "theirs", "ana@acme.example");
	await world.applied("database", postgresql);
	for (const handle of ["cache", "kept"]) {
		setFault(world.dir, { name: "provision-fails", handle });
		await world.run("database", "apply", { ...redis, handle });
	}
	const drain = {
		environment: "acme-test",
		name: "siem",
		adopt: false,
		kind: "papertrail",
		host: "a.example",
		port: 6514,
	};
	const sources = { apps: true, databases: true, ephemeralSessions: true, proxies: true };
	await world.applied("log-drain", { ...drain, ...sources });
	return {};
}

export const environments: readonly Subject[] = [
	{
		name: "environment",
		kind: "environment",
		spec: { handle: "acme-new", stack: "shared-ca-central-1", phi: false, backups: kept },
		changes: Object.fromEntries(
			Object.entries({ daily: 60, monthly: 24, yearly: 7, makeCopy: true, keepFinal: false }).map(([field, value]) => [
				`backups.${field}`,
				{ to: { backups: { ...kept, [field]: value } } },
			]),
		),
		renamed: "acme-newer",
		fixed: ["handle", "renamedFrom", "stack", "phi", "acceptLoss"],
	},
	{
		name: "permissions",
		kind: "permissions",
		spec: { environment: "acme-test", roles: { Developers: ["admin"], Robots: ["deploy", "read"] } },
		changes: {
			"roles: another scope": { to: { roles: { Developers: ["admin", "tunnel"], Robots: ["deploy", "sensitive"] } } },
			"roles: one less": { to: { roles: { Developers: ["admin"] } } },
		},
		fixed: ["environment"],
	},
	{
		name: "what failed creates left",
		kind: "leftovers",
		setup: leave,
		spec: { environment: "acme-test", protected: ["databases.kept"] },
		changes: {},
		fixed: ["environment", "protected"],
	},
];
