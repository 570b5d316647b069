import assert from "node:assert/strict";
import { test } from "node:test";
import { driftOf, gone } from "../../drift/compare.ts";
import { openReconciler } from "../support/reconcile.ts";
import { environment, objects, place, snapshot } from "./objects.ts";

test("in a move the sizes of a database are its restart's: a change by hand is told once", async (t) => {
	const aptible = await openReconciler(t);
	Object.assign(process.env, aptible.env);
	const found = objects.find(({ kind }) => kind === "database")?.spec ?? {};
	const spec = { ...found, leavesSizes: true } as const;
	const facts = await aptible.applied("database", spec);
	const { containerMb, containerProfile, diskGb, iops } = found as Record<string, unknown>;
	const restart = { environment, handle: "main", containerMb, containerProfile, diskGb, iops };
	const drift = async () => {
		const [live, of] = [await snapshot(), (fields: { field: string }[]) => fields.map(({ field }) => field)];
		const restarted = { spec: restart, facts: { databaseId: facts.id, endpointId: 1, warnings: [] } };
		return {
			database: of(driftOf(live, "database", spec, { spec, facts }, () => undefined)),
			restart: of(driftOf(live, "database-restart", restart, restarted, () => undefined)),
		};
	};
	assert.deepEqual(await drift(), { database: [], restart: [] });
	await aptible.cli("db:restart", "main", ...place, "--container-size", "4096", "--iops", "4000");
	assert.deepEqual(await drift(), { database: [], restart: ["containerMb", "iops"] });
	await aptible.cli("db:deprovision", "main", ...place);
	assert.deepEqual(await drift(), { database: [gone.field], restart: [] });
});
