/** A move under the real engine, phase by phase: what each step sends to Aptible, which steps are refused, and a switch that is killed. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { stageFolderVariable } from "../../config/move-record.ts";
import { formatLine } from "../../packages/mover/journal/line.ts";
import { runVariable, withoutJournal } from "../../wire/move.ts";
import { type Blocks, fail, openStage, type StageUnderTest, succeed } from "../support/stage.ts";
import { PROOF, Switches } from "./killed-switch.ts";

const isWhole = process.env.MATRIX === "all";
const goldenFile = join(import.meta.dirname, "golden/move-phases.json");

/** One app, of which one service has an endpoint and one is autoscaled; one database. */
function oneOfEachKind(blocks: Blocks): void {
	const { environment, apps, databases } = blocks;
	delete blocks.logDrains;
	delete apps.reports;
	delete databases.cache;
	delete environment.backups;
	Object.assign(environment, { stack: "acme-prod-ca", phi: true });
	apps.portal.config = { DATABASE_URL: "${databases.main.url}" };
	apps.portal.services = {
		web: { containers: 2 },
		worker: { autoscale: { kind: "horizontal", min: 2, max: 3, minCpu: 0.2, maxCpu: 0.8 } },
	};
	databases.main = { type: "postgresql", version: "16" };
	setPhase(blocks, "frozen");
}

function setPhase(blocks: Blocks, phase: string): void {
	const databases = { main: { during: { containerMb: 4096 } } };
	blocks.move = { phase, from: { addresses: ["203.0.113.9"] }, databases };
}

/** Notes in the journal's file, as a switch does before its update. */
async function openSwitch(stage: StageUnderTest, run: string, phase: string): Promise<void> {
	const content = {
		run,
		database: "",
		step: "switch",
		part: "",
		state: "begin",
		holder: "0123456789ab",
		epoch: 1,
	} as const;
	const line = { seq: 1, at: "2026-12-05T02:14:00Z", ...content, evidence: { phase, from: "prepare" } };
	await mkdir(join(stage.sandbox.dir, ".move"), { recursive: true });
	await writeFile(join(stage.sandbox.dir, ".move/staging.jsonl"), `${formatLine(line)}\n`);
}

/** Goes to a phase as a switch does; gives what was sent. */
async function go(stage: StageUnderTest, phase: string, more = ""): Promise<string[]> {
	await stage.edit((blocks) => setPhase(blocks, phase));
	await openSwitch(stage, "r7", phase);
	stage.sandbox.env[runVariable] ??= "r7";
	stage.newWrites();
	const before = await specs(stage);
	assert.match(await succeed(stage.up()), new RegExp(`movePhase *: .*"${phase}"`));
	assertGolden(`${phase}${more}`, before, await specs(stage));
	return stage.newWrites();
}

/** What there is of the stage: containers of each service, size of the database. */
async function live(stage: StageUnderTest): Promise<Record<string, number>> {
	const services = (await stage.cli("services", "--app", "portal")) as { service: string; container_count: number }[];
	const [database] = (await stage.cli("db:list")) as [{ container_size: number }];
	return {
		...Object.fromEntries(services.map(({ service, container_count: count }) => [service, count])),
		main: database.container_size,
	};
}

interface Recorded {
	urn: string;
	inputs?: { interpreter?: string[]; stdin?: string };
	dependencies?: string[];
}

async function recorded(stage: StageUnderTest): Promise<Recorded[]> {
	return JSON.parse(await stage.state()).checkpoint.latest.resources;
}

/** Kinds of the Commands that the one of the app waits for. */
async function awaited(stage: StageUnderTest): Promise<string[]> {
	const resources = await recorded(stage);
	const kindOf = (urn: string) => resources.find((one) => one.urn === urn)?.inputs?.interpreter?.at(-1);
	const app = resources.find(({ inputs }) => inputs?.interpreter?.at(-1) === "app");
	return [...new Set((app?.dependencies ?? []).flatMap((urn) => kindOf(urn) ?? []))].sort();
}

/** Specs as JSON, by kind and name of their Command. */
async function specs(stage: StageUnderTest): Promise<Map<string, string>> {
	return new Map(
		(await recorded(stage)).flatMap(({ urn, inputs: { interpreter, stdin } = {} }) =>
			stdin === undefined ? [] : [[`${interpreter?.at(-1)} ${urn.split("::").at(-1)}`, stdin] as const],
		),
	);
}

/** For each phase the specs that differ from those of the one before, `null` where there is none any more: byte for byte. */
const golden: Record<string, Record<string, unknown>> = JSON.parse(readFileSync(goldenFile, "utf8"));

function assertGolden(phase: string, before: ReadonlyMap<string, string>, now: ReadonlyMap<string, string>): void {
	const changed = [...new Set([...before.keys(), ...now.keys()])].filter((name) => before.get(name) !== now.get(name));
	const shown = Object.fromEntries(changed.sort().map((name) => [name, now.get(name) ?? "null"]));
	const wanted = Object.entries(golden[phase] ?? {}).map(([name, spec]) => [name, JSON.stringify(spec)]);
	assert.deepEqual(shown, Object.fromEntries(wanted), phase);
}

const opened = ["create vhosts database", "provision vhosts", "restart databases main"];
const workerStops = ["delete service_sizing_policies", "scale services worker"];

test("a move goes through its phases with the fewest operations, and no other way", async (t) => {
	const stage = await openStage(t, "staging", oneOfEachKind);
	const folder = stage.sandbox.dir;
	stage.sandbox.env[stageFolderVariable] = folder;
	const record = (aptibleId: number, more: object = {}) =>
		writeFile(
			join(folder, "Pulumi.staging.move.json"),
			JSON.stringify({
				version: 1,
				run: "r7",
				databases: { main: { aptibleId, hash: PROOF } },
				at: "2026-12-05T02:14:00Z",
				...more,
			}),
		);

	let databaseId = 0;
	const report = join(folder, "drift.json");
	const drift = async () => JSON.parse(await readFile(report, "utf8"));

	await t.test("a stage does not begin frozen: its first preview says so", async () => {
		const says =
			/move\.phase: "frozen" cannot be the first phase of a move: .* allowed: "prepare"\. Set phase: prepare/;
		assert.match(await fail(stage.preview()), says);
		assert.deepEqual(stage.newWrites(), []);
	});

	await t.test("prepare, killed in its middle: nothing is done twice, and idle services never start", async () => {
		await stage.edit((blocks) => setPhase(blocks, "prepare"));
		stage.aptible.fault({ name: "halt-after-mutation", n: 5 });
		assert.ok(await stage.killWhenHalted("up"));
		await succeed(stage.up());
		assertGolden("prepare", new Map(), await specs(stage));
		assert.deepEqual(stage.newWrites(), [
			"create accounts acme-staging",
			"create databases main",
			"provision databases main",
			...opened,
			"create apps portal",
			"deploy apps portal",
			"scale services web",
			"create vhosts web",
			"provision vhosts",
		]);
		assert.deepEqual(await live(stage), { web: 2, worker: 0, main: 4096 });
		assert.ok((await awaited(stage)).includes("database-restart"), "an app's first release waits for the restart");
	});

	await t.test("frozen", async () => {
		assert.deepEqual(await go(stage, "frozen"), ["scale services web"]);
		assert.deepEqual(await live(stage), { web: 0, worker: 0, main: 4096 });
		assert.ok(!(await awaited(stage)).includes("database-restart"), "on the way back apps stop at once");
	});

	await t.test("in the night an update from elsewhere is refused, and a pull request's preview is not", async () => {
		delete stage.sandbox.env[runVariable];
		const how =
			/move\.phase: "frozen": in the night .* npm run move -- switch frozen --stack staging, .* MEDSTACK_TO_APTIBLE_MOVE_RUN=without-journal pulumi up --stack staging/;
		assert.match(await fail(stage.up()), how);
		assert.match(await succeed(stage.preview()), new RegExp(`warning: an update is refused from here: ${how.source}`));
		stage.sandbox.env[runVariable] = "r6";
		assert.match(await fail(stage.up()), /this one is none \(the switch that is open is to frozen, of run r7\)/);
		await stage.withChange(
			(blocks) => setPhase(blocks, "prepare"),
			async () => {
				const said = await fail(stage.up());
				assert.match(said, /move\.phase: "prepare": in the night of a move/);
				assert.doesNotMatch(said, /command:local:Command claims/, "nothing was registered");
			},
		);
		assert.deepEqual(stage.newMutations(), []);
		stage.sandbox.env[runVariable] = "r7";
	});

	await t.test("trial needs a copy in this very database", async () => {
		const [{ id }] = (await stage.cli("db:list")) as [{ id: number }];
		databaseId = id;
		await stage.withChange(
			(blocks) => setPhase(blocks, "trial"),
			async () => {
				await record(id + 1);
				assert.match(
					await fail(stage.preview()),
					new RegExp(`aptibleId: ${id + 1} is another database: .* has the id ${id}`),
				);
				await record(id);
			},
		);
	});

	await t.test("a switch to trial, killed in its update, is taken up by another process", async () => {
		const switches = await Switches.start(stage);
		t.after(() => switches.stop());
		delete stage.sandbox.env[runVariable];
		const before = await specs(stage);
		stage.newWrites();
		stage.aptible.fault({ name: "halt-after-mutation", n: 1 });
		await switches.kill("trial");
		assert.equal(await switches.phaseInFile(), "trial");
		const copied = ["swap done", "verify note"];
		const killed = ["switch begin trial", "mark done trial", "switch note trial"];
		assert.deepEqual(await switches.lines(), [...copied, ...killed]);

		if (isWhole) {
			const locked = await switches.run("trial");
			assert.equal(locked.code, 1, locked.output);
			assert.match(
				locked.output,
				/pulumi up has failed, .* go on: npm run move -- switch trial --stack staging .*once that process is gone, first: pulumi cancel --stack staging/,
			);
		}
		await stage.unlock();
		assert.match(
			await fail(stage.up()),
			/move\.phase: "trial": in the night of a move .* npm run move -- switch trial --stack staging, /,
		);
		const { code, output } = await switches.run("trial");
		assert.equal(code, 0, output);
		assert.match(output, /has phase: trial already, and its switch was not ended; it is taken up/);
		// The address of the server that was put behind the database comes first, and is what the kill follows.
		assert.deepEqual(stage.newWrites(), ["configure apps portal", "scale services web"]);
		assert.deepEqual(await live(stage), { web: 2, worker: 0, main: 4096 });
		assertGolden("trial", before, await specs(stage));
		assert.equal(await switches.phaseInFile(), "trial");
		assert.deepEqual(await switches.lines(), [
			...copied,
			...killed,
			...(isWhole ? [...killed, "switch failed trial"] : []),
			...[...killed, "switch done trial"],
		]);
	});

	await t.test("live: everything as declared, and the door shut", async () => {
		assert.deepEqual((await go(stage, "live")).sort(), [
			"create service_sizing_policies worker",
			"deprovision vhosts",
			"scale services worker",
		]);
		assert.deepEqual(await live(stage), { web: 2, worker: 2, main: 4096 });
	});

	await t.test("the block does not go before the move is closed", async () => {
		await stage.withChange(
			(blocks) => {
				delete blocks.move;
			},
			async () => {
				assert.match(await fail(stage.preview()), /move: was removed in the phase "live"/);
				await record(databaseId, { closed: true });
				assert.match(await succeed(stage.preview()), /the move has ended: services and databases are as declared/);
			},
		);
	});

	await t.test(
		"back to frozen: the autoscaler goes before the containers, and the door opens with one restart",
		async () => {
			const writes = await go(stage, "frozen", " again");
			assert.deepEqual(writes.toSorted(), [...opened, ...workerStops, "scale services web"].sort());
			assert.ok(writes.indexOf("delete service_sizing_policies") < writes.indexOf("scale services worker"));
			assert.deepEqual(await live(stage), { web: 0, worker: 0, main: 4096 });
		},
	);

	await t.test("cancelled: what is idle stays so, the door shuts, the database goes back to its size", async () => {
		// As a person does whose journal is lost.
		stage.sandbox.env[runVariable] = withoutJournal;
		const went = await go(stage, "cancelled");
		delete stage.sandbox.env[runVariable];
		assert.deepEqual(went, ["restart databases main", "scale services web", "deprovision vhosts"]);
		assert.deepEqual(await live(stage), { web: 2, worker: 0, main: 1024 });
	});

	await t.test("a stage that is there is prepared with one restart for size and certificate", async () => {
		stage.watchDrift();
		stage.sandbox.env.MEDSTACK_TO_APTIBLE_DRIFT_REPORT = report;
		assert.deepEqual(await go(stage, "prepare", " again"), opened);
		assert.deepEqual(await drift(), {
			drifted: [],
			gone: [],
			undeclared: [],
			undeclaredEndpoints: [],
			unknown: [],
			recovery: [],
		});
		assert.deepEqual(await live(stage), { web: 2, worker: 0, main: 4096 });
	});

	await t.test("a second update sends nothing, and the phase is no drift", async () => {
		await succeed(stage.up("--expect-no-changes"));
		assert.deepEqual(stage.newMutations(), []);
		assert.deepEqual((await drift()).drifted, []);
	});
});
