/** A proof that ended in its middle goes on with the sums of both sides only where nobody wrote to either since. */
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { withSession } from "../../postgresql/connection.ts";
import { postgresql } from "../../postgresql/engine.ts";
import { dropDatabase } from "../../postgresql/target.ts";
import type { Steps } from "../../steps.ts";
import { execute, type Source, startSides, type Target } from "../support/databases.ts";
import { type MemorySteps, memorySteps } from "../support/memory-steps.ts";

const INTO = "move_7";
let source: Source;
let target: Target;

before(async () => {
	[source, target] = await startSides();
	await execute(
		source.login,
		"CREATE TABLE visits (id int PRIMARY KEY, score int); INSERT INTO visits SELECT g, g FROM generate_series(1, 100) g; CREATE TABLE last (id int)",
	);
});
after(() => Promise.all([source?.server.stop(), target?.server.stop()]));
beforeEach(() => dropDatabase(target.login, INTO));

const task = (steps: Steps) => ({
	source: source.login,
	target: target.login,
	into: INTO,
	steps,
	jobs: 1,
	diskBytes: undefined,
	report: () => {},
});
const copy = (steps: Steps = memorySteps()) => postgresql.copy({ ...task(steps), live: false, replace: false });
const verify = (steps: Steps = memorySteps()) => postgresql.verify({ ...task(steps), isSwapped: false });
const inCopy = (sql: string) => withSession(target.login, { database: INTO }, (client) => client.query(sql));
const score = async () => (await inCopy("SELECT score FROM public.visits WHERE id = 7")).rows;

/** How many tables' sums were read. */
const summed = ({ acted }: MemorySteps) => acted.filter((step) => /^verify [st]\.\d+\.0$/.test(step)).length;

/** Steps that end once both sides' sums of the largest table are there, as a mover that is killed does. */
function endingInProof(): Steps {
	const done = new Set<string>();
	return memorySteps({
		onMoment(moment, name, part) {
			if (name !== "verify" || moment !== "done") return;
			done.add(part.slice(0, 1));
			if (done.size === 2) throw new Error("killed");
		},
	});
}

test("a copy that ended in its proof begins anew where the source was written to since", async () => {
	await assert.rejects(copy(endingInProof()), /killed/);
	await execute(source.login, "UPDATE visits SET score = score + 1 WHERE id = 7");
	const { equal, differences } = await copy();
	assert.deepEqual(differences, []);
	assert.ok(equal);
	assert.deepEqual(await score(), [{ score: 8 }]);
	await execute(source.login, "UPDATE visits SET score = 7 WHERE id = 7");
});

test("so does one that ended in its rows, which were read before the write", async () => {
	const ended = memorySteps({
		onMoment(moment, name) {
			if (name === "sequences" && moment === "begin") throw new Error("killed");
		},
	});
	await assert.rejects(copy(ended), /killed/);
	await execute(source.login, "INSERT INTO visits VALUES (101, 0)");
	const { differences } = await copy();
	assert.deepEqual(differences, []);
	assert.deepEqual((await inCopy("SELECT count(*)::int AS n FROM public.visits")).rows, [{ n: 101 }]);
	await execute(source.login, "DELETE FROM visits WHERE id = 101");
});

test("a copy that nobody wrote to since goes on, with the sums that are there", async () => {
	await assert.rejects(copy(endingInProof()), /killed/);
	const steps = memorySteps();
	const { equal } = await copy(steps);
	assert.ok(equal);
	const parts = steps.acted.filter((step) => !step.startsWith("verify"));
	assert.deepEqual(parts, [], "nothing is copied again");
	// The side that was not killed may have gone on by a part.
	assert.ok(summed(steps) <= 2, "the other table's alone");
});

test("a proof by itself takes no sums of an earlier one where the source or the copy was written to since", async () => {
	await copy();
	await assert.rejects(verify(endingInProof()), /killed/);
	await execute(source.login, "UPDATE visits SET score = 0 WHERE id = 7");
	const written = await verify();
	assert.match(written.differences.join("\n"), /^table public\.visits: content/);
	await execute(source.login, "UPDATE visits SET score = 7 WHERE id = 7");

	await assert.rejects(verify(endingInProof()), /killed/);
	await inCopy("UPDATE public.visits SET score = 0 WHERE id = 7");
	const changed = await verify();
	assert.match(changed.differences.join("\n"), /^table public\.visits: content/);
});

test("a proof of another run reads everything again", async () => {
	await assert.rejects(copy(endingInProof()), /killed/);
	const steps = memorySteps({ run: "r8" });
	await verify(steps);
	assert.equal(summed(steps), 4);
});

test("a table is cut once: VACUUM makes it larger, and the sums stay those of the same pages", async () => {
	// One page less than a part; VACUUM adds a map of free space and one of visibility.
	await execute(
		source.login,
		`CREATE TABLE wide (t text) WITH (autovacuum_enabled = off); ALTER TABLE wide ALTER t SET STORAGE PLAIN;
		INSERT INTO wide SELECT repeat('x', 8000) FROM generate_series(1, 8191)`,
	);
	try {
		await assert.rejects(copy(endingInProof()), /killed/);
		const vacuum = (login: typeof source.login, database?: string) =>
			withSession(login, database === undefined ? {} : { database }, (client) => client.query("VACUUM public.wide"));
		await vacuum(source.login);
		await vacuum(target.login, INTO);
		const { differences } = await copy();
		assert.deepEqual(differences, []);
	} finally {
		await execute(source.login, "DROP TABLE wide");
	}
});
