/** Which live endpoints are named as undeclared where several look the same. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Context } from "../../aptible/context.ts";
import type { Stage } from "../../config/stage.ts";
import type { RecordedCommand } from "../../drift/recorded.ts";
import { readSnapshot } from "../../drift/snapshot.ts";
import { undeclaredIn } from "../../drift/undeclared.ts";
import { databaseSpec, httpsSpec, openEndpoints, tcpSpec } from "../aptible/endpoint/endpoints-under-test.ts";

const at = ["--app", "portal", "--environment", "acme-test"];
const tcp = { ...tcpSpec(), adopt: false, renamedFrom: undefined };

/** A stage with these endpoints on its app and its database. */
function stageOf(app: object, database: object = {}): Stage {
	const nouns = { apps: { portal: { endpoints: app } }, databases: { main: { endpoints: database } } };
	return { ...nouns, logDrains: {}, metricDrains: {} } as unknown as Stage;
}

function record(kind: string, spec: object, facts: object): RecordedCommand {
	return { kind, name: kind, spec, facts } as RecordedCommand;
}

async function openWith(t: Parameters<typeof openEndpoints>[0]) {
	const { aptible } = await openEndpoints(t);
	Object.assign(process.env, aptible.env);
	const list = async () => (await aptible.cli("endpoints:list", ...at)) as { id: number; hostname: string }[];
	return {
		aptible,
		/** Makes a TCP endpoint by hand. */
		make: async (port: string) => {
			await aptible.cli("endpoints:tcp:create", "worker", ...at, "--ports", port);
			return (await list()).sort((a, b) => b.id - a.id)[0] ?? assert.fail();
		},
		/** What is named. */
		left: async (stage: Stage, recorded: RecordedCommand[]) => {
			const snapshot = await readSnapshot(new Context(), ([environment]) => environment);
			const { endpoints } = undeclaredIn(snapshot ?? assert.fail(), stage, recorded);
			return endpoints.map((text) => /endpoint (\S+) of/.exec(text)?.[1]);
		},
	};
}

test("one made by hand beside a recorded one that looks the same is named, whichever came first", async (t) => {
	const { make, left } = await openWith(t);
	const [before, own, after] = [await make("5432"), await make("1883"), await make("5433")];
	const recorded = [record("endpoint", tcpSpec(), { id: own.id })];
	assert.deepEqual((await left(stageOf({ mqtt: tcp }), recorded)).sort(), [before.hostname, after.hostname].sort());
});

test("before it is recorded, the one that its update would find is its own, and the others are named", async (t) => {
	const { make, left } = await openWith(t);
	const [before, own, after] = [await make("5432"), await make("1883"), await make("5433")];
	const place = "apps.portal.endpoints.mqtt/tcp-worker-external";
	const claims = (claim: object) => record("claims", {}, { claimed: [], endpoints: { [place]: claim }, warnings: [] });
	const stage = stageOf({ mqtt: tcp });
	assert.deepEqual(await left(stage, [claims({ after: before.id })]), [before.hostname, after.hostname]);
	assert.deepEqual(
		await left(stage, [claims({ after: after.id })]),
		[before, own, after].map((one) => one.hostname),
	);
	assert.deepEqual(await left(stage, [claims({ after: after.id, id: own.id })]), [before.hostname, after.hostname]);
	assert.deepEqual(await left(stage, []), [own.hostname, after.hostname], "adopting takes the oldest");
});

test("of twins each has its own, and one more is named; so is one on a database and one of another kind", async (t) => {
	const { aptible, make, left } = await openWith(t);
	const [first, second, third] = [await make("1883"), await make("8883"), await make("5432")];
	await aptible.cli("endpoints:https:create", "web", ...at, "--default-domain");
	for (const address of ["203.0.113.7", "0.0.0.0/0"])
		await aptible.cli("endpoints:database:create", "main", ...at.slice(2), "--ip-whitelist", address);
	const twin = { ...tcpSpec({ name: "mqtt2" }) };
	const recorded = [
		record("endpoint", twin, { id: first.id }),
		record("endpoint", tcpSpec(), { id: second.id }),
		record("endpoint", databaseSpec(), {}),
	];
	const stage = stageOf({ mqtt: tcp, mqtt2: { ...tcp } }, { reports: databaseSpec() });
	const named = await left(stage, recorded);
	assert.equal(named.length, 3);
	assert.ok(named.includes(third.hostname));
	const declared = stageOf({ mqtt: tcp, mqtt2: { ...tcp }, test: httpsSpec() }, { reports: databaseSpec() });
	assert.equal((await left(declared, recorded)).length, 2);
});
