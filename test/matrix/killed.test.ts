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
