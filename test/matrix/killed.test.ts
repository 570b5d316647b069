/** A sample of the matrix with processes that SIGKILL really ends: one subject of each kind, made and killed after each write. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { openReconciler } from "../support/reconcile.ts";
import { apps } from "./apps.ts";
import { databases } from "./databases.ts";
import { drains } from "./drains.ts";
import { liveState } from "./live-state.ts";
import { secrets } from "./secrets.ts";
import type { Subject } from "./subject.ts";

const [database, app, drain] = [databases[0], apps[0], drains[0]] as [Subject, Subject, Subject];

/** Made by commands of the CLI; endpoints are in test/aptible/endpoint/kills.test.ts. */
const byCli = [database, app];

for (const { name, kind, spec } of [database, app, drain]) {
	test(`${name} is made once, whenever its process was killed`, async (t) => {
		const clean = await openReconciler(t);
		await clean.applied(kind, spec, { secrets });
		const writes = clean.newWrites().length;
		for (let n = 1; n <= writes; n += 1) {
			const aptible = await openReconciler(t);
			assert.ok(await aptible.interrupted(n, kind, spec, { secrets }), `killed after write ${n} of ${writes}`);
			const previous = await aptible.applied(kind, spec, { secrets });
			assert.deepEqual(liveState(aptible.dir), liveState(clean.dir));
			aptible.newWrites();
			await aptible.applied(kind, spec, { secrets, previous });
			assert.deepEqual(aptible.newWrites(), []);
		}
	});
}

for (const { name, kind, spec } of byCli) {
	test(`${name} is made once, where its process dies and the CLI that it started lives on`, async (t) => {
		const clean = await openReconciler(t);
		await clean.applied(kind, spec, { secrets });
		const journal = clean.newJournal();
		const writes = journal.flatMap((row) => row.writes).length;
		const commands = journal.filter(({ source, mutating }) => source === "cli" && mutating).map((row) => row.command);
		assert.notEqual(commands.length, 0);
		for (const command of new Set(commands)) {
			const aptible = await openReconciler(t);
			const orphanEnds = await aptible.applyUntilOrphaned(command, kind, spec, { secrets });
			assert.ok(orphanEnds, command);
			const previous = await aptible.applied(kind, spec, { secrets });
			await orphanEnds();
			assert.equal(aptible.newWrites().length, writes, `nothing is done twice: ${command}`);
			assert.deepEqual(liveState(aptible.dir), liveState(clean.dir));
			await aptible.applied(kind, spec, { secrets, previous });
			assert.deepEqual(aptible.newWrites(), []);
		}
	});
}
