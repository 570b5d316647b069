/** A stage with a web service, a worker and a scheduler, whose counterparts run in MedStack's stand-in. */
import assert from "node:assert/strict";
import { mkdtempSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { type Medstack, type MedstackSetup, startMedstack } from "@medstack-to-aptible/sandbox/medstack/cluster.ts";
import { ApiCluster, type ApiClusterSetup, CLUSTER_TIMING } from "../../move/source-cluster/api.ts";
import { localCounts, type SharedCountStore } from "../../move/source-cluster/counts.ts";
import { type MoveStage, readMoveStage } from "../../move/stage.ts";

export const DOMAIN = "portal.acme.example";
export const ADDRESS = "203.0.113.9";

/** Replicas as they are before anything stops. */
export const REPLICAS = { "portal-web": 2, worker: 3, scheduler: 1, pgadmin: 1, mover: 1 };

/** Writes the stage file in a folder of its own. @param from further keys of `move.from` */
export function writeMedstackStage(from: Readonly<Record<string, unknown>> = {}): MoveStage {
	const folder = mkdtempSync(path.join(os.tmpdir(), "medstack-"));
	const file = path.join(folder, "Pulumi.prod.yaml");
	const move = {
		phase: "frozen",
		from: { addresses: [ADDRESS], cluster: "acme-prod", services: { "mail.cron": "scheduler" }, ...from },
		databases: { main: {} },
		domains: { [DOMAIN]: { via: "manual", from: ADDRESS } },
	};
	writeFileSync(
		file,
		`config:
  medstack-to-aptible:environment: { handle: acme, stack: acme-prod, phi: true }
  medstack-to-aptible:databases:
    main: { type: postgresql, version: "17" }
  medstack-to-aptible:apps:
    portal:
      image: acme/portal:1
      services: { worker: {}, web: {} }
      endpoints: { main: { service: web, kind: https, domain: ${DOMAIN}, managedTls: true } }
    mail: { image: acme/mail:1, services: { cron: {} } }
  medstack-to-aptible:move: ${JSON.stringify(move)}
`,
	);
	return readMoveStage("prod", file);
}

/** The stage with a Redis whose queues are to run empty. */
export function withDrain(moved: MoveStage): MoveStage {
	const { stage } = moved;
	const drain = { queues: ["queue:default"], database: 0, minutes: 10 };
	const main = { ...stage.databases.main, type: "redis" } as (typeof stage.databases)[string];
	assert.ok(stage.move);
	const move = { ...stage.move, databases: { main: { drain } } };
	return { ...moved, stage: { ...stage, databases: { main }, move } };
}

/** Starts a cluster with the stage's services, the mover, and one that the stage does not know. */
export function startMedstackFor(setup: Partial<MedstackSetup> = {}): Promise<Medstack> {
	return startMedstack({
		resolve: async () => [ADDRESS],
		services: {
			"portal-web": { replicas: REPLICAS["portal-web"], domains: [DOMAIN] },
			worker: { replicas: REPLICAS.worker },
			scheduler: { replicas: REPLICAS.scheduler },
			pgadmin: { replicas: REPLICAS.pgadmin },
			mover: { replicas: REPLICAS.mover, image: "registry.acme.example/mover:1" },
		},
		...setup,
	});
}

/** A file that stands for database `move` on the target. */
export function fileTarget(moved: MoveStage): SharedCountStore {
	const { read, write } = localCounts({ ...moved, name: "target" });
	return {
		read,
		write,
		async forget(cluster, replicas) {
			const noted = (await read())[cluster];
			if (noted === undefined) return;
			const left = Object.entries(noted.replicas).filter(([name, count]) => replicas[name] !== count);
			await write(cluster, left.length === 0 ? undefined : { ...noted, replicas: Object.fromEntries(left) });
		},
	};
}

/** A test's pace: on a busy machine too, a change that is made in `changeMs` of the stand-in is not sent again. */
const TEST_TIMING = {
	...CLUSTER_TIMING,
	requestMs: 300,
	readMs: 500,
	pauseMs: 5,
	changeMs: 2_000,
	resendMs: 1_000,
};

/** The program's way to it, at a test's pace; whoever is asked says yes to its cluster, and no to all else. */
export function reachMedstack(
	moved: MoveStage,
	env: Readonly<Record<string, string>>,
	setup: Partial<ApiClusterSetup> = {},
): ApiCluster {
	return new ApiCluster(moved, {
		access: {
			url: env.MEDSTACK_API_URL ?? "",
			key: env.MEDSTACK_TOKEN_KEY ?? "",
			value: env.MEDSTACK_TOKEN_VALUE ?? "",
		},
		cluster: moved.stage.move?.from.cluster ?? "",
		local: localCounts(moved),
		target: fileTarget(moved),
		confirm: async () => true,
		isDoneByHand: async () => false,
		tell: () => {},
		signal: new AbortController().signal,
		resolve: async () => [ADDRESS],
		timing: TEST_TIMING,
		...setup,
	});
}
