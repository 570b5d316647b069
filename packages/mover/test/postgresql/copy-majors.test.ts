/** Each major of a source is copied once, to 17, and the oldest to 14; with MATRIX=all each that may. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { PostgresMajor } from "@medstack-to-aptible/sandbox/postgresql/binaries.ts";
import { copyDatabase } from "../../postgresql/copy.ts";
import { execute, startSource, startTarget, type Target, useImageClients } from "../support/databases.ts";
import { memorySteps } from "../support/memory-steps.ts";
import { contentOf } from "./copy-content.ts";

const isWhole = process.env.MATRIX === "all";
const targets: Partial<Record<PostgresMajor, Target>> = {};

before(async () => {
	await useImageClients();
	for (const major of [14, 17] as const) targets[major] = await startTarget(major);
});
after(() => Promise.all(Object.values(targets).map(({ server }) => server.stop())));

for (const major of [12, 13, 14, 15, 16, 17] satisfies PostgresMajor[]) {
	test(`a clinic of ${major} arrives`, async (t) => {
		// Its `gen_random_uuid` is pgcrypto's before 13.
		const source = await startSource(major, {}, 0.0005);
		t.after(() => source.server.stop());
		await execute(source.superuser, "GRANT CREATE ON SCHEMA public TO app_rw");
		// What a role's settings would end does not end the copy.
		if (major >= 14) await execute(source.superuser, "ALTER ROLE medadmin SET idle_session_timeout = '200ms'");
		if (major >= 17) await execute(source.superuser, "ALTER ROLE medadmin SET transaction_timeout = '200ms'");
		const content = await contentOf(source.superuser);
		for (const target of Object.values(targets)) {
			if (target.server.major < major) continue;
			if (!isWhole && target.server.major === 14 && major !== 12) continue;
			const into = `move_${major}`;
			await copyDatabase({
				source: source.login,
				target: target.login,
				into,
				steps: memorySteps(),
				jobs: 2,
				live: true,
			});
			assert.deepEqual(await contentOf(target.login, into), content, `${major} to ${target.server.major}`);
		}
	});
}

test("a target that is older than its source is refused before anything is made", async (t) => {
	const source = await startSource(17);
	t.after(() => source.server.stop());
	const target = targets[14] as Target;
	await assert.rejects(
		copyDatabase({
			source: source.login,
			target: target.login,
			into: "move_99",
			steps: memorySteps(),
			jobs: 2,
			live: true,
		}),
		/source runs PostgreSQL 17 and the target 14, which is older; make the target of version 17 or newer/,
	);
});
