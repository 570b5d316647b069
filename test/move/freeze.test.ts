import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { startMedstack } from "@medstack-to-aptible/sandbox/medstack/cluster.ts";
import { manualCluster } from "../../move/source-cluster/manual.ts";
import { readMoveStage } from "../../move/stage.ts";
import { thawStatements } from "../../move/thaw-sql.ts";
import { formatLine } from "../../packages/mover/journal/line.ts";
import { withSession } from "../../packages/mover/postgresql/connection.ts";
import { Night } from "../support/night.ts";

let night: Night;

before(async () => {
	night = await Night.start();
});
after(() => night?.stop());

const limit = () =>
	withSession({ url: night.world.source.url() }, {}, async (client) => {
		const { rows } = await client.query("SELECT datconnlimit AS n FROM pg_database WHERE datname = current_database()");
		return rows[0].n;
	});

test("freeze sets MedStack's services to 0, notes on this disk what it changes, and thaw undoes it, voids the record and brings them back", async (t) => {
	const resolve = async () => ["203.0.113.9"];
	const medstack = await startMedstack({ resolve, services: { web: { replicas: 2 }, mover: { replicas: 1 } } });
	t.after(() => medstack.close());
	Object.assign(night.clouds.env, medstack.env);
	await night.inPhase("frozen", { from: { addresses: ["203.0.113.9"], cluster: "acme-prod" } });
	const early = await night.run("freeze");
	assert.equal(early.code, 1, early.output);
	assert.match(early.output, /no mover answers, and without one MedStack's services would be at 0 for nothing/);
	assert.equal(medstack.service("web").replicas, 2);
	const mover = night.world.startMover();
	await mover.says(/waits for wishes/);
	medstack.api.faults.add({ request: /^PATCH .*web$/, kind: "refused" });
	const left = await night.run("freeze", "--yes");
	assert.equal(left.code, 1, left.output);
	assert.match(
		left.output,
		/the source is not shut, as portal\.web may run on it; .*env --unset=MEDSTACK_TOKEN_VALUE npm/,
	);
	assert.equal(await limit(), -1);
	const frozen = await night.run("freeze", "--yes");
	assert.equal(frozen.code, 0, `${frozen.output}\n--\n${mover.output}`);
	assert.match(
		frozen.output,
		/portal\.web \(web\) goes to 0 replicas\nMedStack's services at 0, by its API: portal\.web\n/,
	);
	assert.equal(medstack.service("web").replicas, 0);
	assert.equal(medstack.service("mover").replicas, 1);
	assert.match(
		frozen.output,
		/freeze of run r1: done\nthe source is frozen and silent; next: npm run move -- copy --stack night/,
	);
	assert.equal(await limit(), 77);
	const journal = readFileSync(path.join(night.folder, ".move/night.jsonl"), "utf8");
	assert.match(journal, /"step":"freeze","part":"1262","state":"note".*"evidence":\{"limit":-1\}/);
	assert.match(
		(await night.run("status")).output,
		/main: the source is shut by a freeze since .*npm run move -- thaw --stack night.*\n.*thaw brings them back: acme-prod: web 2\n/,
	);

	writeFileSync(night.record, JSON.stringify({ version: 1, run: "r9" }));
	const sql = await night.run("thaw", "--sql");
	assert.equal(sql.code, 0, sql.output);
	assert.match(
		sql.output,
		/^-- .*Pulumi\.night\.move\.json is removed, as MedStack is in use from here on: commit that\n/,
	);
	assert.equal(existsSync(night.record), false, "no line of the journal will say that MedStack is open");
	assert.match(
		sql.output,
		/-- database main\nSET default_transaction_read_only = off;\nSET transaction_read_only = off;\nDO \$move\$/,
	);

	writeFileSync(night.record, JSON.stringify({ version: 1, run: "r9" }));
	// Of another machine.
	rmSync(path.join(night.folder, ".move/night-services.json"));
	const thawed = await night.run("thaw");
	assert.equal(thawed.code, 0, thawed.output);
	assert.match(thawed.output, /thaw of run r2: done\n[\s\S]*MedStack's services are back, by its API: portal\.web 2\n/);
	assert.equal(medstack.service("web").replicas, 2);
	assert.doesNotMatch((await night.run("status")).output, /thaw brings them back/);
	assert.equal(existsSync(night.record), false, "MedStack is in use again");
	assert.equal(await limit(), -1);
	const nothing = await night.run("thaw", "--sql");
	assert.equal(nothing.code, 1);
	assert.match(nothing.output, /holds no freeze that is not undone/);
	rmSync(path.join(night.folder, ".move"), { recursive: true });
	await mover.end("SIGTERM");
});

test("of two frozen databases the SQL of each is its own text, so that neither is changed by the other's, and a cancelled move stays open", async () => {
	const folder = path.join(night.folder, ".move");
	mkdirSync(folder, { recursive: true });
	const lines = ["main", "audit"].map((database, index) =>
		formatLine({
			seq: index + 1,
			at: "2026-11-30T00:00:00.000Z",
			run: "r1",
			database,
			step: "freeze",
			part: "2964",
			state: "note",
			holder: "0123456789ab",
			epoch: 1,
			evidence: { readOnly: null, oid: 16384 + index },
		}),
	);
	writeFileSync(path.join(folder, "night.jsonl"), `${lines.join("\n")}\n`);
	const moved = readMoveStage("night", path.join(night.folder, "Pulumi.night.yaml"));
	assert.throws(() => thawStatements(moved), /main and audit are frozen.*--database NAME/);
	const audit = thawStatements(moved, "audit").join("\n");
	assert.match(audit, /-- database audit\n/);
	assert.match(audit, /16385/);
	assert.doesNotMatch(audit, /16384/);
	const over = { ...moved, stage: { ...moved.stage, move: { ...moved.stage.move, phase: "cancelled" as const } } };
	assert.match(thawStatements(over as typeof moved, "main")[0] ?? "", /^-- Warning: in the phase cancelled/);
	assert.throws(() => thawStatements(moved, "other"), /holds no freeze of other/);
	const file = path.join(folder, "night.jsonl");
	writeFileSync(file, `${lines[0]}\n{"kind":"freeze"}\n${lines[1]}\n`);
	assert.throws(() => thawStatements(moved, "main"), /night\.jsonl:2: .*keep a copy of the file, write the line anew/);
	rmSync(file);
	mkdirSync(file);
	assert.throws(() => thawStatements(moved, "main"), /night\.jsonl cannot be read \(EISDIR\)/);
	rmSync(file, { recursive: true });
	writeFileSync(file, `${lines.join("\n")}\n`);
	await night.inPhase("cancelled");
	const closed = await night.run("close");
	assert.equal(closed.code, 1, closed.output);
	assert.match(closed.output, /the source of main, audit is shut by a freeze .*close --thawed --stack night/);
	rmSync(folder, { recursive: true });
});

test("in prepare, where MedStack is in use, a freeze wants --yes", async () => {
	await night.inPhase("prepare");
	const { code, output } = await night.run("freeze");
	assert.equal(code, 1, output);
	assert.match(
		output,
		/in the phase prepare MedStack is in use\. In the night comes first: .* meant: npm run move -- freeze --yes --stack night/,
	);
});

test("neither is for a phase in which apps work on Aptible", async () => {
	for (const phase of ["trial", "live", "cancelled"]) {
		await night.inPhase(phase);
		for (const step of ["freeze", "thaw"]) {
			const { code, output } = await night.run(step);
			assert.equal(code, 1, output);
			assert.match(output, new RegExp(`${step} needs move\\.phase: prepare or frozen`));
		}
	}
});

test("what users reach stops first and comes back last, once its domain resolves to MedStack", async () => {
	const file = path.join(night.folder, "Pulumi.many.yaml");
	writeFileSync(
		file,
		`config:
  medstack-to-aptible:environment: { handle: acme, stack: acme-prod, phi: true }
  medstack-to-aptible:apps:
    portal: { image: acme/portal:1, services: { worker: {}, web: {} }, endpoints: { main: { service: web, kind: https, defaultDomain: true } } }
    mail: { image: acme/mail:1, services: { cron: {} } }
`,
	);
	const cluster = manualCluster(readMoveStage("many", file));
	const groups = (lines: readonly string[]) => lines.filter((line) => /^ {2}\d/.test(line)).map((line) => line.trim());
	const users = "what users reach: portal.web";
	const [workers, schedulers] = ["workers: portal.worker", "schedulers, by their names: mail.cron"];
	assert.deepEqual(groups((await cluster.stop()).lines), [`1. ${users}`, `2. ${workers}`, `3. ${schedulers}`]);
	assert.deepEqual(groups((await cluster.start()).lines), [`1. ${schedulers}`, `2. ${workers}`, `3. ${users}`]);
});
