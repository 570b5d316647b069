import assert from "node:assert/strict";
import { test } from "node:test";
import { setLatency } from "@medstack-to-aptible/sandbox/aptible/setup.ts";
import {
	databaseSpec,
	grpcSpec,
	hints,
	httpsSpec,
	managedSpec,
	openEndpoints,
	tcpSpec,
} from "./endpoints-under-test.ts";

type Spec = Record<string, unknown>;

test("a create that is killed after either of its writes is finished, never repeated", async (t) => {
	const endpoints = await openEndpoints(t);
	const { aptible } = endpoints;
	const plainRpc = grpcSpec({ managedTls: false, domain: undefined, internal: true });
	const specs: [Spec, "--app" | "--database", number[]][] = [
		[httpsSpec(), "--app", [1]],
		[managedSpec({ settings: { idle_timeout: 60 } }), "--app", [1, 2]],
		[tcpSpec(), "--app", [1, 2]],
		[plainRpc, "--app", [1]],
		[databaseSpec(), "--database", [1]],
	];
	for (const [spec, of, kills] of specs) {
		for (const n of kills) {
			const secrets = hints({ after: 0 });
			assert.ok(await aptible.interrupted(n, "endpoint", spec, { secrets }));
			const { id } = await endpoints.only(of);
			const previous = await aptible.applied("endpoint", spec, { secrets });
			assert.deepEqual(
				aptible.newWrites().map((write) => write.split(" ")[0]),
				n === 1 ? ["provision"] : [],
			);
			assert.equal((await endpoints.only(of)).id, id, "the same record");
			assert.equal(previous.id, id);
			const left = await endpoints.only(of);
			if (spec.name === "public") assert.equal(left.idle_timeout, "60", "its settings came with the provisioning");
			await aptible.removed("endpoint", spec, { previous });
		}
	}
});

test("a create whose process dies while the CLI that it started lives on has no twin", async (t) => {
	const endpoints = await openEndpoints(t);
	const { aptible } = endpoints;
	const secrets = hints({ after: 0 });
	const orphanEnds = await aptible.applyUntilOrphaned("endpoints:tcp:create", "endpoint", tcpSpec(), { secrets });
	assert.ok(orphanEnds);
	await aptible.applied("endpoint", tcpSpec(), { secrets });
	await orphanEnds();
	assert.deepEqual(
		aptible.newWrites().map((write) => write.split(" ")[0]),
		["create", "provision"],
	);
	await endpoints.only();
});

test("a change that is killed between record and provisioning is served in the end", async (t) => {
	const endpoints = await openEndpoints(t);
	const { aptible } = endpoints;
	const before = httpsSpec();
	const after = httpsSpec({ ipFilter: ["203.0.113.7"], ports: [3000], settings: { idle_timeout: 60 } });
	const previous = await aptible.applied("endpoint", before);
	for (const [n, writes] of [
		[1, ["update vhosts", "provision vhosts"]],
		[2, []],
	] as const) {
		assert.ok(await aptible.interrupted(n, "endpoint", after, { previous }));
		assert.equal((await endpoints.only()).ip_whitelist, "203.0.113.7", "the record has it already");
		const facts = await aptible.applied("endpoint", after, { previous });
		assert.deepEqual(aptible.newWrites(), writes);
		const served = endpoints.served(facts.id);
		assert.deepEqual([served?.ip_whitelist, served?.container_port], [["203.0.113.7"], 3000]);
		Object.assign(previous, await aptible.applied("endpoint", before, { previous: facts }));
		aptible.newJournal();
	}
	const slower = { settings: { idle_timeout: 90 } };
	const timed = await aptible.applied("endpoint", httpsSpec(slower), { previous });
	const quicker = httpsSpec({ settings: { idle_timeout: 60 } });
	assert.ok(await aptible.interrupted(2, "endpoint", quicker, { previous: timed }));
	aptible.newJournal();
	Object.assign(previous, await aptible.applied("endpoint", quicker, { previous: timed }));
	assert.deepEqual(aptible.newWrites(), [], "a setting that arrived is not sent again");
	const cleared = httpsSpec({ ipFilter: ["203.0.113.7"] });
	const withPort = await aptible.applied("endpoint", after, { previous });
	for (const n of [1, 2, 3]) {
		assert.ok(await aptible.interrupted(n, "endpoint", cleared, { previous: withPort }));
		const facts = await aptible.applied("endpoint", cleared, { previous: withPort });
		assert.equal(endpoints.served(facts.id)?.container_port, null);
		Object.assign(withPort, await aptible.applied("endpoint", after, { previous: facts }));
	}
});

test("a removal that is killed is over with the next run", async (t) => {
	const endpoints = await openEndpoints(t);
	const { aptible } = endpoints;
	setLatency(aptible.dir, { operationMs: 300 });
	const previous = await aptible.applied("endpoint", tcpSpec());
	assert.ok(await aptible.interrupted(1, "endpoint", tcpSpec(), { verb: "remove", previous }));
	aptible.newJournal();
	await aptible.removed("endpoint", tcpSpec(), { previous });
	assert.deepEqual(aptible.newWrites(), []);
	assert.deepEqual(await endpoints.list(), []);
});

test("endpoints that look the same are told apart after every kill", async (t) => {
	const endpoints = await openEndpoints(t);
	const { aptible } = endpoints;
	const at = ["--app", "portal", "--environment", "acme-test"];
	await aptible.cli("endpoints:tcp:create", "worker", ...at, "--ports", "1883");
	const foreign = await endpoints.only();
	const claim = { after: foreign.id };
	const spec = (name: string) => tcpSpec({ name, hasTwins: true, ports: [1883] });
	for (const n of [1, 2]) {
		assert.ok(await aptible.interrupted(n, "endpoint", spec("a"), { secrets: hints(claim) }));
		const a = await aptible.applied("endpoint", spec("a"), { secrets: hints(claim) });
		const ofB = { secrets: hints(claim, [a.id]) };
		assert.ok(await aptible.interrupted(n, "endpoint", spec("b"), ofB));
		const again = await aptible.applied("endpoint", spec("a"), { previous: a, secrets: hints(claim) });
		const b = await aptible.applied("endpoint", spec("b"), ofB);
		assert.equal(again.id, a.id);
		assert.equal(new Set([foreign.id, a.id, b.id]).size, 3);
		assert.equal((await endpoints.list()).length, 3, "none twice");

		// Somebody deletes the first: its re-creation is killed too, and the twin's stays the twin's.
		await aptible.cli("endpoints:deprovision", a.hostname, ...at);
		assert.ok(await aptible.interrupted(1, "endpoint", spec("a"), { previous: a, secrets: hints(claim) }));
		const remade = await aptible.applied("endpoint", spec("a"), { previous: a, secrets: hints(claim) });
		assert.equal((await endpoints.list()).length, 3);
		assert.notEqual(remade.id, b.id);
		await aptible.removed("endpoint", spec("a"), { previous: remade });
		await aptible.removed("endpoint", spec("b"), { previous: b });
		assert.equal((await endpoints.only()).id, foreign.id, "what was there before is left alone");
	}
});
