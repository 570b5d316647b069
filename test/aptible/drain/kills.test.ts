import assert from "node:assert/strict";
import { test } from "node:test";
import { openDrains } from "./drains-under-test.ts";

const secrets = { "secrets.siemUrl": "https://logs.acme.example/key-1" };
const changed = { "secrets.siemUrl": "https://logs.acme.example/key-2" };
const byCli = { kind: "papertrail", host: "logs.papertrailapp.com", port: 12345 };

test("killed after each write of a first run, the next one goes on with what is there", async (t) => {
	const drains = await openDrains(t);
	const { aptible } = drains;
	for (const [index, spec] of [{}, byCli].entries()) {
		for (const n of [1, 2]) {
			const name = `drain${index}${n}`;
			const declared = drains.logDrain({ ...spec, name });
			assert.equal(await aptible.interrupted(n, "log-drain", declared, { secrets }), true);
			await aptible.applied("log-drain", declared, { secrets });
			const handle = drains.handle(1, name);
			assert.deepEqual(aptible.newWrites(), [`create log_drains ${handle}`, `provision log_drains ${handle}`]);
		}
	}
});

test("killed after each write of a change, the next run ends with exactly one drain", async (t) => {
	const drains = await openDrains(t);
	const { aptible } = drains;
	const key = (version: number) => ({ "secrets.siemUrl": `https://logs.acme.example/key-${version}` });
	let version = 1;
	let previous = await aptible.applied("log-drain", drains.logDrain(), { secrets: key(version) });
	for (const n of [1, 2, 3]) {
		// Wanted after the kill: what was there before, what was on its way, or something else again.
		for (const step of [0, 1, 2]) {
			const label = `killed after write ${n}, then ${["the old", "the new", "a third"][step]} key`;
			const before = previous;
			assert.equal(
				await aptible.interrupted(n, "log-drain", drains.logDrain(), { secrets: key(version + 1), previous }),
				true,
				label,
			);
			aptible.newJournal();
			version += step;
			previous = await aptible.applied("log-drain", drains.logDrain(), { secrets: key(version), previous: before });
			assert.deepEqual(
				drains.liveLogDrains().map(({ id, status, url }) => [id, status, url]),
				[[previous.id, "provisioned", key(version)["secrets.siemUrl"]]],
				label,
			);
			const writes = aptible.newWrites();
			const first = writes.findIndex((write) => write.startsWith("deprovision"));
			const last = writes.findLastIndex((write) => write.startsWith("provision"));
			assert.ok(first === -1 || last < first, `${label}: ${writes.join(", ")}`);
			if (step === 1) assert.equal(writes.length, 3 - n, `${label}: ${writes.join(", ")}`);
		}
	}
});

test("killed during a change, a removal takes both", async (t) => {
	const drains = await openDrains(t);
	const { aptible } = drains;
	const previous = await aptible.applied("log-drain", drains.logDrain(), { secrets });
	await aptible.interrupted(2, "log-drain", drains.logDrain(), { secrets: changed, previous });
	assert.equal(drains.live().length, 2);
	assert.equal(await aptible.interrupted(1, "log-drain", drains.logDrain(), { verb: "remove", previous }), true);
	await aptible.removed("log-drain", drains.logDrain(), { previous });
	assert.deepEqual(drains.live(), []);
});
