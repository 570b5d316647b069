/** Who is asked what: the API for everything that is read, the CLI for changes alone. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { JournalRow } from "@medstack-to-aptible/sandbox/aptible/journal.ts";
import { Context } from "../../aptible/context.ts";
import { readSnapshot } from "../../drift/snapshot.ts";
import { portalSpec } from "../support/app-spec.ts";
import { redis } from "../support/database-spec.ts";
import { syslogDrain } from "../support/drain-spec.ts";
import { openReconciler } from "../support/reconcile.ts";
import { httpsSpec } from "./endpoint/endpoints-under-test.ts";

const environment = "acme-test";

const claims = {
	environment: { handle: environment, adopt: true },
	databases: { cache: { adopt: false } },
	apps: { portal: { adopt: false, endpoints: {} } },
	logDrains: { siem: { adopt: false } },
};

/** With the requests of the run that makes it, and of its removal. */
const objects: readonly [kind: string, spec: object, made: number, removed: number][] = [
	["claims", claims, 5, 0],
	["environment", { handle: environment, stack: "shared-ca-central-1", phi: false }, 2, 0],
	["database", redis, 7, 10],
	["app", portalSpec(), 11, 6],
	["endpoint", httpsSpec(), 11, 10],
	["log-drain", syslogDrain, 6, 9],
];

const ofCli = (rows: readonly JournalRow[]) => rows.filter(({ source }) => source === "cli");

test("a first run starts no CLI but those that change something, and one with nothing to change none", async (t) => {
	const aptible = await openReconciler(t);
	const recorded = new Map<string, object>();
	for (const [kind, spec, most] of objects) {
		const previous = await aptible.applied(kind, spec);
		recorded.set(kind, previous);
		const rows = aptible.newJournal();
		const first = ofCli(rows);
		assert.equal(rows.length - first.length, most, `${kind}: ${rows.map(({ command }) => command).join(", ")}`);
		assert.ok(
			first.every(({ mutating }) => mutating),
			`${kind}: ${first.map(({ command }) => command).join(", ")}`,
		);
		await aptible.applied(kind, spec, { previous });
		const second = aptible.newJournal();
		assert.deepEqual(ofCli(second), [], kind);
		const read = second.map(({ command, argv }) => `${command}${argv.join("")}`);
		const twice = read.filter((one, index) => read.indexOf(one) !== index && !/\/operations/.test(one));
		assert.deepEqual(twice, [], `${kind} reads nothing twice`);
	}
	for (const [kind, spec, , most] of [...objects].reverse()) {
		if (kind === "claims" || kind === "environment") continue;
		await aptible.removed(kind, spec, { previous: recorded.get(kind) });
		const rows = aptible.newJournal();
		const cli = ofCli(rows);
		assert.ok(
			cli.every(({ mutating }) => mutating),
			kind,
		);
		assert.equal(rows.length - cli.length, most, `${kind}: ${rows.map(({ command }) => command).join(", ")}`);
	}
});

test("a look at an environment is a handful of requests, and two or three more for each app", async (t) => {
	const aptible = await openReconciler(t);
	Object.assign(process.env, aptible.env);
	const look = async () => {
		aptible.newJournal();
		const found = await readSnapshot(new Context(), (all) => all.find(({ handle }) => handle === environment));
		assert.ok(found !== undefined);
		const rows = aptible.newJournal();
		assert.deepEqual(ofCli(rows), []);
		return { requests: rows.length, found };
	};
	await aptible.applied("database", redis);
	await aptible.applied("app", portalSpec());
	await aptible.applied("endpoint", httpsSpec());
	const { requests: one } = await look();
	// Three of them are for the permissions of roles, which only an adoption reads of each environment.
	assert.ok(one <= 17, `${one} requests`);
	const handles = ["a", "b", "c", "d", "e"];
	for (const handle of handles) {
		await aptible.applied("app", portalSpec({ handle }));
		await aptible.applied("endpoint", httpsSpec({ on: { app: handle } }));
	}
	const { requests: six, found } = await look();
	// Config and settings of the app, and the settings of its endpoint, which has some.
	assert.equal(six - one, 3 * handles.length);
	assert.equal(found.apps.length, 6);
	assert.ok(found.apps.every(({ config, endpoints }) => config !== "hidden" && endpoints.length === 1));
});
