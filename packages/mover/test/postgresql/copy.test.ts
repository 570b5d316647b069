/** A whole copy of a clinic, as a rehearsal on the live source and on the frozen one, on real servers over TLS. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { withSession } from "../../postgresql/connection.ts";
import { copyDatabase } from "../../postgresql/copy.ts";
import { type Source, startSource, startTarget, type Target, useImageClients } from "../support/databases.ts";
import { memorySteps } from "../support/memory-steps.ts";
import { contentOf } from "./copy-content.ts";

let source: Source;
let target: Target;

before(async () => {
	await useImageClients();
	[source, target] = await Promise.all([startSource(15, {}, 0.002), startTarget(17)]);
});
after(() => Promise.all([source?.server.stop(), target?.server.stop()]));

test("a clinic of 15 arrives on 17 with all that it has, and is copied once", async () => {
	const steps = memorySteps();
	const options = { source: source.login, target: target.login, into: "move_7", steps, jobs: 2, live: false };
	const result = await copyDatabase(options);
	assert.deepEqual(await contentOf(target.login, "move_7"), await contentOf(source.superuser));
	assert.equal(result.largeObjects, 50);
	assert.deepEqual(result.warnings, []);
	assert.deepEqual(result.owners, { admin: "medadmin", owner: "aptible" });
	const acted = steps.acted.length;
	assert.ok(acted > 20, `${acted} parts`);
	assert.deepEqual(await copyDatabase(options), result);
	assert.equal(steps.acted.length, acted, "a second call does nothing");
});

test("a rehearsal on a live source begins anew with each snapshot", async () => {
	const options = { source: source.login, target: target.login, into: "move_8", jobs: 2, live: true };
	await copyDatabase({ ...options, steps: memorySteps({ run: "r8" }) });
	const again = memorySteps({ run: "r8", epoch: 2 });
	await copyDatabase({ ...options, steps: again });
	assert.equal(again.acted[0], "create-database");
	assert.deepEqual(await contentOf(target.login, "move_8"), await contentOf(source.superuser));
});

test("roles arrive without passwords, and those of Azure and its admin stay behind", async () => {
	const { rows } = await withSession(target.login, {}, (client) =>
		client.query("SELECT rolname, rolpassword FROM pg_authid WHERE rolname !~ '^pg_' ORDER BY 1"),
	);
	assert.deepEqual(
		rows.map(({ rolname }) => rolname),
		["app_ro", "app_rw", "aptible"],
	);
	assert.equal(rows.find(({ rolname }) => rolname === "app_rw").rolpassword, null);
});
