/** A forecast for a source that has grown unevenly: by counts of rows instead of times, which a busy machine does not change. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { forecast, type Rehearsal } from "../../forecast.ts";
import { withSession } from "../../postgresql/connection.ts";
import { postgresql } from "../../postgresql/engine.ts";
import { execute, type Source, startSource, startTarget, type Target, useImageClients } from "../support/databases.ts";
import { recordedSteps } from "../support/recorded-steps.ts";

let source: Source;
let target: Target;
before(async () => {
	await useImageClients();
	[source, target] = await Promise.all([startSource(15, {}, 0.01), startTarget()]);
});
after(() => Promise.all([source?.server.stop(), target?.server.stop()]));

/** Rehearses as the mover does, with the number of rows that each part reads in place of its time. */
async function rehearse(run: string): Promise<Rehearsal> {
	const steps = recordedSteps(run);
	const { login } = source;
	const task = { source: login, target: target.login, into: `move_${run.slice(1)}`, steps, jobs: 2, report: () => {} };
	const tables = await postgresql.measure?.(login);
	const proof = await postgresql.copy({ ...task, live: true, replace: false });
	assert.deepEqual(proof.differences, []);
	await postgresql.drop(task);
	await execute(source.superuser, "ANALYZE");
	const { rows } = await withSession(login, {}, (client) =>
		client.query(`SELECT built.part, reltuples::int AS rows FROM pg_class c JOIN (
			SELECT '1259.' || indexrelid AS part, indrelid AS table FROM pg_index UNION ALL
			SELECT '2606.' || oid, conrelid FROM pg_constraint) built ON built.table = c.oid AND c.relkind = 'r'`),
	);
	const built = new Map(rows.map(({ part, rows: count }) => [part, count]));
	const lines = steps.lines.map((line) => ({
		...line,
		evidence: { ms: Number(line.evidence.rows ?? built.get(line.part) ?? 0) },
	}));
	return { run, lines, tables: tables ?? {}, containerMb: 4096 };
}

const worked = ({ lines }: Rehearsal, step: string) =>
	lines
		.filter((line) => line.step === step && line.state === "done")
		.reduce((sum, { evidence }) => sum + Number(evidence.ms), 0);

test("rows, indexes and sums are foretold from the growth of their own table", async () => {
	const first = await rehearse("r1");
	await execute(
		source.login,
		`INSERT INTO clinic.visits (patient_id, state, at, amount, score, code)
		SELECT patient_id, state, at, amount, score, code FROM clinic.visits, generate_series(1, 2)`,
	);
	const second = await rehearse("r2");
	const { phases } = forecast([first], second);
	for (const step of ["rows", "post-data", "verify"]) {
		const [before, fact] = [worked(first, step), worked(second, step)];
		const likely = phases.find((phase) => phase.step === step)?.workMs ?? 0;
		assert.ok(fact > before * 1.7, `${step}: ${before} rows, then ${fact}: not much has grown`);
		assert.ok(Math.abs(likely / fact - 1) < 0.1, `${step}: ${before} rows, foretold ${likely}, then ${fact}`);
	}
});
