/** A part of an object that the API does not find, of an object that is there all the same. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Context } from "../../aptible/context.ts";
import { readSnapshot } from "../../drift/snapshot.ts";
import { portalSpec } from "../support/app-spec.ts";
import { redis } from "../support/database-spec.ts";
import { openReconciler, type ReconcilerUnderTest } from "../support/reconcile.ts";

const database = { ...redis, finalBackup: true };
const unlinkedDisk = { "_links.disk": { href: "https://api.aptible.example/disks/4" } };

/** Has the API not find the parts of databases, of each in turn. */
const partsOfDatabases: Readonly<Record<string, (aptible: ReconcilerUnderTest) => void>> = {
	"/database_images/": (aptible) => missing(aptible, "GET /database_images/ID"),
	"/services/": (aptible) => missing(aptible, "GET /services/ID"),
	"/disks/": (aptible) =>
		aptible.fault({
			name: "answer-changed",
			command: "GET /databases/ID$",
			times: 1000,
			without: ["_embedded.disk"],
			with: unlinkedDisk,
		}),
};

function missing(aptible: ReconcilerUnderTest, command: string): void {
	aptible.fault({ name: "part-missing", command, times: 1000 });
}

function look(aptible: ReconcilerUnderTest) {
	Object.assign(process.env, aptible.env);
	return readSnapshot(new Context(), (all) => all.find(({ handle }) => handle === "acme-test"));
}

for (const [part, plant] of Object.entries(partsOfDatabases)) {
	test(`a database without its part at ${part} is neither removed, nor forgotten, nor made again`, async (t) => {
		const aptible = await openReconciler(t);
		const previous = await aptible.applied("database", database);
		aptible.newWrites();
		plant(aptible);
		const told = new RegExp(`database "cache" \\(id ${previous.id}\\) is there, but GET ${part}\\d+ .* 404`);
		for (const { code, stderr } of [
			await aptible.remove("database", database, { previous }),
			await aptible.apply("database", database, { previous }),
			await aptible.apply("database", database),
		]) {
			assert.equal(code, 1);
			assert.match(stderr, told);
		}
		assert.deepEqual(aptible.newWrites(), []);
	});
}

test("a look that does not find a part of a database or an app fails, and drops neither", async (t) => {
	const aptible = await openReconciler(t);
	await aptible.applied("database", redis);
	await aptible.applied("app", portalSpec());
	const commands = ["GET /database_images/ID", "GET /settings/ID", "GET /configurations/ID"];
	for (const command of commands) {
		missing(aptible, command);
		await assert.rejects(look(aptible), /(database "cache"|app "portal") \(id \d+\) is there, but GET .* 404/, command);
		aptible.clearFaults();
	}
});

test("a look leaves out a database or an app that is removed while it is read", async (t) => {
	const aptible = await openReconciler(t);
	await aptible.applied("database", redis);
	await aptible.applied("app", portalSpec());
	for (const command of ["GET /database_images/ID", "GET /databases/ID", "GET /settings/ID", "GET /apps/ID"]) {
		missing(aptible, command);
	}
	const found = await look(aptible);
	assert.deepEqual([found?.databases, found?.apps], [[], []]);
});
