import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import {
	findOtherDatabases,
	readMoveRecord,
	requireMoveRecord,
	stageFolderVariable,
} from "../../config/move-record.ts";
import { parseStage, StageError } from "../../config/parse.ts";
import type { MovePhase } from "../../wire/move.ts";
import { stageWith } from "./stage-file.ts";

const record = {
	version: 1 as const,
	run: "r7",
	databases: { main: { aptibleId: 4711, hash: "9f2c" } },
	at: "2026-12-05T02:14:00Z",
};
const fix = "run `npm run move -- verify --stack prod`, which writes it, and commit it";

async function folderWith(t: TestContext, text: string): Promise<string> {
	const folder = await mkdtemp(join(tmpdir(), "move-record-"));
	t.after(() => rm(folder, { recursive: true }));
	await writeFile(join(folder, "Pulumi.prod.move.json"), text);
	return folder;
}

function problems(run: () => unknown): readonly string[] {
	try {
		run();
		return [];
	} catch (error) {
		if (error instanceof StageError) return error.problems;
		throw error;
	}
}

function stage(phase: MovePhase) {
	const move = { phase, from: { addresses: ["203.0.113.9"] }, databases: { main: {}, cache: {} } };
	return parseStage(stageWith({ move }), { file: "Pulumi.prod.yaml" });
}

test("a record is read, with what a later version adds to it", async (t) => {
	const folder = await folderWith(t, JSON.stringify({ ...record, closed: true, by: "ana@acme.example" }));
	assert.deepEqual(readMoveRecord(folder, "prod"), { ...record, closed: true });
	assert.equal(readMoveRecord(folder, "staging"), undefined);
});

test("a stage file elsewhere has its record beside it", async (t) => {
	const folder = await folderWith(t, JSON.stringify(record));
	process.env[stageFolderVariable] = folder;
	t.after(() => delete process.env[stageFolderVariable]);
	assert.deepEqual(readMoveRecord("/nowhere", "prod"), record);
});

test("a record that is none is refused, each mistake with its place", async (t) => {
	const cases: [unknown, string[]][] = [
		[[], ["is not a block with version, run, databases and at"]],
		[{ ...record, version: 2 }, ["version: is not 1, the form that this program reads; update the program"]],
		[
			{ ...record, databases: { main: { aptibleId: "4711", hash: "" } } },
			["databases.main.aptibleId: is not the id of a database", "databases.main.hash: is empty"],
		],
		[
			{ ...record, run: undefined, at: "today" },
			["run: is not the id of a run", "at: is not a time such as 2026-11-30T02:14:00Z"],
		],
		[{ ...record, closed: "yes" }, ["closed: is not true or false"]],
	];
	for (const [value, says] of cases) {
		const folder = await folderWith(t, JSON.stringify(value));
		assert.deepEqual(
			problems(() => readMoveRecord(folder, "prod")),
			says.map((line) => `Pulumi.prod.move.json: ${line}; ${fix}`),
		);
	}
	const torn = await folderWith(t, '{"version": 1,');
	assert.match(
		problems(() => readMoveRecord(torn, "prod"))[0] ?? "",
		/^Pulumi\.prod\.move\.json: is not JSON \(.*\); run `npm/,
	);
});

test("a phase in which apps work on the copy needs the record of it, of each moved database", () => {
	const none = () => undefined;
	for (const phase of ["prepare", "frozen", "cancelled"] as const) {
		assert.equal(
			requireMoveRecord(stage(phase), () => assert.fail("not read"), "prod"),
			undefined,
		);
	}
	assert.equal(requireMoveRecord({}, none, "prod"), undefined);
	const whole = { ...record, databases: { ...record.databases, cache: { aptibleId: 4712, hash: "aa" } } };
	for (const phase of ["trial", "live"] as const) {
		assert.deepEqual(
			requireMoveRecord(stage(phase), () => whole, "prod"),
			whole,
		);
		assert.deepEqual(
			problems(() => requireMoveRecord(stage(phase), none, "prod")),
			[
				`Pulumi.prod.yaml: move.phase: "${phase}" needs the record of a verified copy, Pulumi.prod.move.json beside the stage file, which is not there; ${phase === "live" ? "bring back the committed one: git checkout -- Pulumi.prod.move.json; or " : ""}${fix}`,
			],
		);
		assert.deepEqual(
			problems(() => requireMoveRecord(stage(phase), () => record, "prod")),
			[
				`Pulumi.prod.yaml: move.phase: "${phase}" needs a verified copy of cache, and Pulumi.prod.move.json (run r7) has main; ${fix}`,
			],
		);
	}
});

test("the record of an earlier move, which is closed, opens nothing in trial; in live it is how the move ends", () => {
	const closed = {
		...record,
		closed: true,
		databases: { ...record.databases, cache: { aptibleId: 4712, hash: "aa" } },
	};
	assert.deepEqual(
		problems(() => requireMoveRecord(stage("trial"), () => closed, "prod")),
		[
			'Pulumi.prod.yaml: move.phase: "trial" needs the record of a verified copy, and Pulumi.prod.move.json (run r7) is that of an earlier move, which is closed; remove it: git rm Pulumi.prod.move.json; then `npm run move -- switch frozen --stack prod`, and `npm run move -- copy --again --stack prod`',
		],
	);
	assert.equal(
		requireMoveRecord(stage("live"), () => closed, "prod"),
		closed,
	);
});

test("a copy in another database than the stage's is none", () => {
	const others = (id: number | undefined) => findOtherDatabases(["main"], record, "prod", () => id);
	assert.deepEqual(others(4711), []);
	assert.deepEqual(others(4800), [
		`Pulumi.prod.move.json: databases.main.aptibleId: 4711 is another database: this stage's database "main" has the id 4800; ${fix}`,
	]);
	assert.deepEqual(others(undefined), [
		`Pulumi.prod.move.json: databases.main.aptibleId: 4711 is another database: this stage has made none of that name; ${fix}`,
	]);
});
