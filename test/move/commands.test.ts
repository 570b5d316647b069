import assert from "node:assert/strict";
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { dropTunnels } from "@medstack-to-aptible/sandbox/aptible/real-servers.ts";
import { startBlobStandIn } from "@medstack-to-aptible/sandbox/azure/blob-stand-in.ts";
import { Context } from "../../aptible/context.ts";
import { closeLogin, handOverFile, makeCredentials, setLogin } from "../../move/credentials.ts";
import { ttlNotesFile } from "../../move/dns/ttl-notes.ts";
import { noteByOperator } from "../../move/operator-line.ts";
import { lockOperator } from "../../move/operator-lock.ts";
import { readMoveStage } from "../../move/stage.ts";
import { readConfiguration } from "../../packages/mover/configuration.ts";
import { Mask } from "../../packages/mover/mask.ts";
import { withSession } from "../../packages/mover/postgresql/connection.ts";
import type { World } from "../../packages/mover/test/support/mover-process.ts";
import { Night } from "../support/night.ts";

let night: Night;
let world: World;
let folder: string;

before(async () => {
	night = await Night.start();
	({ world, folder } = night);
	await night.inPhase("prepare");
});
after(() => night?.stop());

const start = (...args: string[]) => night.start(...args);
const startBare = (...args: string[]) => night.startBare(...args);
const run = (...args: string[]) => night.run(...args);
const cli = (...argv: string[]) => night.cli(...argv);
const recordText = () => night.recordText();

test("before a mover has been there, status says so, and report and a wrong argument say what to do", async () => {
	const status = await run("status");
	assert.equal(status.code, 0, status.output);
	assert.match(status.output, /no mover has been there yet/);
	const report = await run("report");
	assert.equal(report.code, 1);
	assert.match(report.output, /nothing has run yet; first: npm run move -- check --stack night/);
	const wrong: [string[], RegExp][] = [
		[["copy"], /name the stage: --stack STACK/],
		[["conquer", "--stack", "night"], /"conquer" is no step; use one of plan, credentials, check/],
		[["check", "--again", "--stack", "night"], /check takes no --again/],
		[["copy", "all", "--stack", "night"], /copy takes nothing but options, and "all" was given/],
		[["copy", "--now", "--stack", "night"], /^no step takes --now\n\nusage: npm run move -- copy --stack STACK/],
		[["copy", "--stack", "../night"], /--stack "..\/night" is no name of a stack/],
		[["report", "--run", "7; DROP TABLE x", "--stack", "night"], /runs are r1, r2/],
	];
	for (const [args, says] of wrong) {
		const { code, output } = await night.runBare(...args);
		assert.equal(code, 2, args.join(" "));
		assert.match(output, says);
		assert.match(output, /usage: npm run move/);
	}
	const asProcess = startBare("copy");
	assert.equal(await asProcess.ended, 2);
	assert.match(asProcess.output(), /usage: npm run move/);
	const nowhere = ["--stack", "nowhere", "--config-file", path.join(folder, "Pulumi.nowhere.yaml")];
	const missing = await night.runBare("status", ...nowhere);
	assert.equal(missing.code, 1);
	assert.match(missing.output, /Pulumi\.nowhere\.yaml is not there/);
});

test("check, rehearse, copy and verify go through the tunnel to the mover and back, with the journal beside the stage", async () => {
	const mover = world.startMover({ MOVE_LEASE_SECONDS: "20" });
	const check = await run("check");
	assert.equal(check.code, 0, `${check.output}\n--\n${mover.output}`);
	assert.match(check.output, /check of run r1: done/);
	const without = await run("status");
	assert.match(without.output, /forecast of main: none, .*; first: npm run move -- rehearse --stack night/);
	const keep = await run("rehearse", "--keep");
	assert.equal(keep.code, 1);
	assert.match(keep.output, /needs move\.phase: prepare and move\.smoke/);
	const rehearse = await run("rehearse");
	assert.equal(rehearse.code, 0, rehearse.output);
	assert.match(rehearse.output, /main: both sides are equal\nrehearse of run r2: done/);
	await night.inPhase("frozen");
	const copy = await run("copy");
	assert.equal(copy.code, 0, copy.output);
	const record = JSON.parse(readFileSync(night.record, "utf8"));
	assert.deepEqual(
		{ ...record, at: undefined },
		{ version: 1, run: "r3", databases: { main: { aptibleId: 700, hash: "0123456789abcdef" } }, at: undefined },
	);
	const verify = await run("verify");
	assert.equal(verify.code, 0, verify.output);
	const proved = recordText();
	assert.match(proved, /^\{\n\t"version": 1,[\s\S]*\}\n$/, "tabs and a final newline, as `npm run check` wants it");
	const again = await run("copy");
	assert.equal(again.code, 1);
	assert.match(again.output, /copy of run r5: refused \(a copy is in its place already/);
	assert.equal(recordText(), proved, "what is refused proves nothing less");

	let status = await run("status");
	// The mover says at each renewal of its lease what it is at.
	for (let waits = 0; !status.output.includes(", idle") && waits < 10; waits += 1) {
		await sleep(1_000);
		status = await run("status");
	}
	assert.match(status.output, /mover: [0-9a-f]{12}, epoch 1, heard \d+ s ago, idle/);
	assert.match(status.output, /last: copy, run r5: refused/);
	assert.match(status.output, /main: source postgres, server \d+\nmain: target db, server \d+, Aptible's database 700/);
	assert.match(status.output, /run r3: \d+ parts done, 5 rows, 40 B/);
	assert.match(status.output, /forecast of main, copy and proof: \d+ s to \d+ s, likely \d+ s/);
	assert.match(status.output, /- rows: \d+ s; r3: \d+ s/);
	assert.match(status.output, /- one rehearsal \(r2\).*\n- the source has 100 % of the bytes of r2/);
	assert.match(status.output, /budget: none to compare with; set move\.downtimeBudgetMinutes/);
	assert.match(status.output, /fact: r3 took \d+ s from its wish to its end, .*; forecast \d+ s/);
	const last = await run("report");
	assert.match(last.output, /night-r3\.md/, "the last copy, not the wish that was refused after it");
	const report = await run("report", "--run", "r3");
	assert.equal(report.code, 0, report.output);
	const text = readFileSync(path.join(folder, ".move/night-r3.md"), "utf8");
	assert.match(text, /- what: copy, done\n- environment: acme/);
	assert.match(text, /- main: both sides are equal/);
	assert.match(text, /## Forecast and fact\n\n- forecast of main, copy and proof: /);
	assert.match(text, /\| main \| swap \| {2}\| done \| swapped true \|/);
	const json = JSON.parse(readFileSync(path.join(folder, ".move/night-r3.json"), "utf8"));
	assert.equal(json.journal.filter((line: { step: string }) => line.step === "rows").length, 10);
	for (const secret of [world.targets.main?.password ?? "", world.source.password]) {
		for (const said of [check, copy, status, report]) assert.ok(!said.output.includes(secret));
		assert.ok(!text.includes(secret) && !JSON.stringify(json).includes(secret) && !mover.output.includes(secret));
	}

	// The journal's file holds what the server holds, and a change of it stops every command.
	const file = path.join(folder, ".move/night.jsonl");
	const lines = readFileSync(file, "utf8");
	assert.equal(lines.trim().split("\n").length, (await world.steps()).length);
	writeFileSync(file, lines.replace('"rows":1', '"rows":2'));
	const changed = await run("check");
	assert.equal(changed.code, 1);
	assert.match(changed.output, /the journal's line \d+ differs\. In .*night\.jsonl: /);
	writeFileSync(file, lines);
	await mover.end("SIGTERM");
});

test("findings that stand in the way are told with their fix, and end with 1", async () => {
	await withSession({ url: world.source.url() }, {}, (client) => client.query("CREATE TABLE public.forbidden ()"));
	const mover = world.startMover();
	const check = await run("check");
	assert.equal(check.code, 1, check.output);
	assert.match(
		check.output,
		/main: blocker: table public\.forbidden stands in the way; remove it: DROP TABLE public\.forbidden/,
	);
	await withSession({ url: world.source.url() }, {}, (client) => client.query("DROP TABLE public.forbidden"));
	await mover.end("SIGTERM");
});

test("the tunnel's drop in the middle is passed over; Ctrl-C and a kill leave the mover at work", async () => {
	await world.reset();
	await night.inPhase("prepare");
	rmSync(path.join(folder, ".move"), { recursive: true });
	const mover = world.startMover({ PART_MS: "1500", MOVE_LEASE_SECONDS: "12" });
	const first = start("rehearse");
	await first.says(/r1 main: rows/);
	dropTunnels(night.dir);
	await first.says(/the tunnel has ended and is opened anew/);
	assert.equal(await first.ended, 0, first.output());
	assert.match(first.output(), /rehearse of run r1: done/);

	writeFileSync(night.record, JSON.stringify({ version: 1, run: "r9" }));
	await night.inPhase("frozen");
	const copy = start("copy");
	await copy.says(/\[#+\.*\] \d+ %, r2 main: rows.* \d+ s to .*\d+ s left/);
	assert.equal(existsSync(night.record), false, "no phase stands on an earlier copy");
	await world.wish("stop");
	assert.equal(await copy.ended, 1);
	await mover.says(/copy of run r2: stopped/);

	await night.inPhase("prepare");
	const second = start("rehearse");
	await mover.says(/r3 main rows 1 begin/);
	await world.wish("pause");
	await second.says(/r3 main: rows, paused/);
	second.kill("SIGINT");
	assert.equal(await second.ended, 1);
	assert.match(second.output(), /the mover goes on with rehearse\. To look: npm run move -- status --stack night/);
	const status = start("status");
	await sleep(300);
	dropTunnels(night.dir);
	assert.equal(await status.ended, 0, status.output());
	assert.match(status.output(), /now: r3 main: rows, paused/);
	await night.inPhase("frozen");
	const refused = await run("copy");
	assert.equal(refused.code, 1);
	assert.match(refused.output, /rehearse is under way since .* \(run r3\)/);
	assert.equal((await run("stop")).code, 0);
	await mover.says(/rehearse of run r3: stopped \(operator\)/);
	await world.wish("resume");

	await night.inPhase("prepare");
	const third = start("rehearse");
	await third.says(/r4 main: rows/);
	third.kill("SIGKILL");
	await third.ended;
	await mover.says(/rehearse of run r4: done/);
	const last = await run("status");
	assert.match(last.output, /last: rehearse, run r4: done/);
	await mover.end("SIGTERM");

	await night.inPhase("frozen");
	await withSession({ url: world.targets.main?.url("move") ?? "" }, {}, async (operator) => {
		await lockOperator(operator);
		assert.match((await run("copy")).output, /another operator is at a switch, .* since \d+ s; wait for its end/);
		await noteByOperator(operator, { step: "switch", state: "done", evidence: { phase: "trial", from: "frozen" } });
	});
	const stale = await run("thaw");
	assert.equal(stale.code, 1);
	assert.match(stale.output, /has move\.phase: "frozen", and by the journal the stage is in "trial"; .*git pull first/);
});

test("credentials makes a login of the mover's own, and a file for its owner alone that is not written over", async () => {
	Object.assign(process.env, night.clouds.env);
	process.env.PATH = [...night.clouds.path, process.env.PATH].join(path.delimiter);
	await world.reset();
	const addresses = ["203.0.113.9", "203.0.113.10"];
	await night.inPhase("prepare", { from: { addresses } });
	const moved = readMoveStage("night", night.stageFile);
	const make = async (replace: boolean) => {
		const said: string[] = [];
		const context = new Context();
		said.push(...(await makeCredentials(context, moved, { replace, tell: (line) => said.push(line) })));
		return said.join("\n");
	};
	const file = handOverFile(moved);
	await assert.rejects(make(false), /has no endpoint that admits 203\.0\.113\.9, 203\.0\.113\.10 alone/);
	assert.equal(existsSync(file), false);
	await cli("endpoints:database:create", "--ip-whitelist", ...addresses, "--environment", "acme", "--", "main");
	writeFileSync(`${file}.99999`, "a password of a command that was killed");
	const said = await make(false);
	assert.equal(existsSync(`${file}.99999`), false);
	assert.equal(readFileSync(path.join(folder, ".move/.gitignore"), "utf8"), "*\n");
	assert.equal(statSync(file).mode & 0o777, 0o600);
	const handed = () => JSON.parse(readFileSync(file, "utf8"));
	const { stage, databases } = handed();
	assert.equal(stage, "night");
	const url = new URL(databases.main.url);
	assert.match(url.hostname, /^elb-/);
	assert.deepEqual([url.username, url.pathname, databases.main.type], ["mover", "/db", "postgresql"]);
	assert.equal(databases.main.ca.trim(), world.targets.main?.ca.trim());
	assert.ok(!said.includes(url.password));
	readConfiguration({ MOVE_TARGET: readFileSync(file, "utf8"), MOVE_SOURCE_MAIN: world.source.url() }, new Mask());
	/** What the file opens, without the load balancer. */
	const login = (password: string) => ({ url: world.targets.main?.url("db", { name: "mover", password }) ?? "" });
	const isSuperuser = (client: { query(sql: string): Promise<{ rows: unknown[] }> }) =>
		client.query("SELECT rolsuper FROM pg_roles WHERE rolname = current_user");
	const { rows } = await withSession(login(url.password), {}, isSuperuser);
	assert.deepEqual(rows, [{ rolsuper: true }]);

	await assert.rejects(make(false), /night-target\.json is there already.*credentials --stack STACK --replace/);
	await withSession(login(url.password), {}, isSuperuser);
	const kept = readFileSync(file, "utf8");
	rmSync(file);
	await assert.rejects(make(false), /login mover can log in already.*credentials --stack STACK --replace/);
	await withSession(login(url.password), {}, isSuperuser);
	writeFileSync(file, kept, { mode: 0o600 });
	const mover = world.startMover({ PART_MS: "5000" });
	const rehearsal = await world.wish("rehearse");
	await mover.says(/rows 1 begin/);
	await assert.rejects(make(true), /rehearse of run r1 is under way; wait for its end/);
	await withSession(login(url.password), {}, isSuperuser);
	await world.wish("stop");
	await world.over(rehearsal);
	await mover.end("SIGTERM");
	await make(true);
	const renewed = new URL(handed().databases.main.url).password;
	await assert.rejects(withSession(login(url.password), {}, isSuperuser), /password authentication failed/);
	await withSession(login(renewed), {}, isSuperuser);
	const log = (await world.targets.main?.log()) ?? "";
	for (const password of [url.password, renewed]) assert.ok(!log.includes(password));

	// As from live to frozen: the endpoint is made anew.
	assert.doesNotMatch((await run("status")).output, /handed over/);
	await cli("endpoints:deprovision", "--database", "main", "--environment", "acme", "--", url.hostname);
	await cli("endpoints:database:create", "--ip-whitelist", ...addresses, "--environment", "acme", "--", "main");
	assert.match(
		(await run("status")).output,
		/main: the endpoint is another one \(elb-\S+\) than was handed over \(elb-\S+\), .*credentials --stack night --config-file \S+ --replace/,
	);

	await withSession(world.login(), {}, (client) => closeLogin(client));
	await assert.rejects(withSession(login(renewed), {}, isSuperuser), /not permitted to log in|authentication failed/);
	await withSession(world.login(), {}, (client) => closeLogin(client));
});

/** A watch of a domain of which nothing is known: it notes so in the journal, and keeps who is accepted. */
async function watchInVain(): Promise<void> {
	const stage = readFileSync(night.stageFile, "utf8");
	const endpoint = "{ public: { service: web, kind: https, domain: portal.acme.example, managedTls: true } }";
	await night.writeStage(
		stage
			.replace("services: { web: {} } }", `services: { web: {} }, endpoints: ${endpoint} }`)
			.replace('"databases":', '"domains":{"portal.acme.example":{"via":"manual","from":"127.0.0.1"}},"databases":'),
	);
	const [old, newer] = ["old.log", "new.log"].map((name) => path.join(folder, name));
	for (const file of [old, newer]) writeFileSync(file ?? "", "hello\n");
	const unnoted = await run("watch", "--old", old ?? "", "--new", newer ?? "");
	assert.match(
		unnoted.output,
		/portal\.acme\.example: the TTL before the switch is noted neither in the journal nor in/,
	);
	const note = { ttlSeconds: 60, seen: "2026-01-01T00:00:00Z" };
	writeFileSync(ttlNotesFile({ folder, name: "night" }), JSON.stringify({ "portal.acme.example": note }));
	const watched = await run("watch", "--old", old ?? "", "--new", newer ?? "", "--accept", "198.51.100.0/24");
	assert.equal(watched.code, 1, watched.output);
	assert.match(
		watched.output,
		/portal\.acme\.example: not silent yet; nobody may come for 15 min \(a TTL of 60 s before the switch, 300 s/,
	);
	assert.match(watched.output, /the old side's log has no line of the page service/);
	assert.match(watched.output, /probe: MedStack, portal\.acme\.example at 127\.0\.0\.1: no answer \(/);
	assert.match(watched.output, /accepted by a person: 198\.51\.100\.0\/24/);
	const again = await run("watch", "--old", old ?? "", "--new", newer ?? "");
	assert.match(again.output, /accepted by a person: 198\.51\.100\.0\/24/, "it stays accepted");
	const report = await run("report");
	assert.equal(report.code, 0, report.output);
	const lines = readFileSync(path.join(folder, ".move/night.jsonl"), "utf8").trim().split("\n");
	const own = lines.map((line) => JSON.parse(line)).filter(({ step }) => step === "watch");
	assert.deepEqual(
		own.map(({ state }) => state),
		["begin", "failed", "begin", "failed"],
	);
	assert.deepEqual(own[1].evidence, {
		hosts: 1,
		silent: false,
		seconds: 900,
		clients: 0,
		requests: 0,
		failed: 0,
		accepted: 1,
		lines: 2,
		unknown: 2,
	});
	await night.writeStage(stage);
}

test("close shuts the mover out, drops what it is told to, keeps the journal in a file, and may be run again", async () => {
	await world.reset();
	rmSync(path.join(folder, ".move"), { recursive: true, force: true });
	const stageIn = (phase: string) => night.inPhase(phase, { downtimeBudgetMinutes: 30 });
	await stageIn("frozen");
	const early = await run("close");
	assert.equal(early.code, 1);
	assert.match(early.output, /phase "live" or "cancelled", and Pulumi\.night\.yaml has the phase "frozen"/);
	const mover = world.startMover();
	for (const [step, phase] of [
		["rehearse", "prepare"],
		["copy", "frozen"],
	] as const) {
		await stageIn(phase);
		const { code, output } = await run(step);
		assert.equal(code, 0, output);
	}
	assert.match((await run("status")).output, /budget: the budget of 30 min holds: /);
	await mover.end("SIGTERM");
	const proved = recordText();

	await stageIn("live");
	rmSync(night.record);
	const unproved = await run("close");
	assert.equal(unproved.code, 1);
	assert.match(unproved.output, /needs the record of a verified copy/);
	writeFileSync(night.record, proved);
	await withSession(world.login(), {}, (client) => setLogin(client, "0123456789abcdef"));

	const unwatched = await run("close");
	assert.equal(unwatched.code, 1);
	assert.match(unwatched.output, /close needs MedStack to be silent, and nobody has watched since the switch/);
	assert.ok((await world.rows("postgres", "SELECT FROM pg_roles WHERE rolname = 'mover' AND rolcanlogin")).length > 0);
	await watchInVain();
	const noisy = await run("close");
	assert.equal(noisy.code, 1);
	assert.match(noisy.output, /close needs MedStack to be silent, and it was not at 20\d\d-/);

	const closed = await run("close", "--without-watch", "MedStack has no log for us");
	assert.equal(closed.code, 0, closed.output);
	assert.match(closed.output, /closed without a watch: MedStack has no log for us/);
	assert.match(
		closed.output,
		/main: last look at db_before_2: .*B, its files written to last at 20\d\d-.*, \d+ rows written as counted since/,
	);
	const [, page = ""] = closed.output.match(/what is left to do is in (\S+-close-\S+\.md)/) ?? [];
	const checklist = readFileSync(page, "utf8");
	assert.match(checklist, /\| MedStack \| closed without a watch: MedStack has no log for us \|/);
	assert.match(checklist, /\| first rehearsal \| 20\d\d-/);
	assert.match(
		checklist,
		/- \[ \] `main`: database `db_before_2`, which stood there before; to drop it: `npm run move -- close --stack night/,
	);
	assert.match(closed.output, /main: login mover opens nothing any more/);
	assert.match(
		closed.output,
		/database db_before_2, .*B, which stood there before run r2, stays; to drop it: npm run move -- close --stack night --config-file \S+ --drop-former/,
	);
	assert.deepEqual(await world.databases(), ["db", "db_before_2", "move"]);
	assert.equal(recordText(), proved.replace(/\n\}\n$/, ',\n\t"closed": true\n}\n'));
	const [login] = await world.rows("postgres", "SELECT rolcanlogin, rolsuper FROM pg_roles WHERE rolname = 'mover'");
	assert.deepEqual(login, { rolcanlogin: false, rolsuper: false });
	await stageIn("frozen");
	const copy = await run("copy");
	assert.equal(copy.code, 1);
	assert.match(copy.output, /says that the move is closed/);
	await stageIn("live");

	// A file that lacks a line is no journal to drop the server's for.
	const file = path.join(folder, ".move/night.jsonl");
	const lines = readFileSync(file, "utf8").split("\n");
	writeFileSync(file, lines.toSpliced(3, 1).join("\n"));
	const lacking = await run("close", "--drop-journal");
	assert.equal(lacking.code, 1);
	assert.match(lacking.output, /lacks 1 of the journal's lines/);
	assert.ok((await world.databases()).includes("move"));
	rmSync(file);

	// Killed where the former database is dropped, and run again.
	const killed = start("close", "--drop-former", "--drop-journal");
	await killed.says(/database db_before_2, .* is dropped/);
	killed.kill("SIGKILL");
	await killed.ended;
	const whole = await run("close", "--drop-former", "--drop-journal");
	assert.equal(whole.code, 0, whole.output);
	assert.deepEqual(await world.databases(), ["db"]);
	const [, kept = ""] = whole.output.match(/the journal is kept in (.*)/) ?? [];
	assert.match(readFileSync(kept, "utf8"), /"step":"close","part":"","state":"done"/);
	assert.equal(existsSync(file), false);
	const last = await run("close");
	assert.equal(last.code, 0, last.output);
});

test("objects are handed over with their account, copied by a command, and named by nothing but the report", async () => {
	Object.assign(process.env, night.clouds.env);
	process.env.PATH = [...night.clouds.path, process.env.PATH].join(path.delimiter);
	await world.reset();
	rmSync(path.join(folder, ".move"), { recursive: true, force: true });
	await night.inPhase("frozen");
	assert.match(
		(await run("objects")).output,
		/objects copies what move\.objects names, and Pulumi\.night\.yaml names none/,
	);
	const stageIn = (phase: string) => {
		const move = { phase, from: { addresses: ["203.0.113.9"] }, databases: { main: {} }, objects: ["documents"] };
		return night.writeStage(`config:
  medstack-to-aptible:environment: { handle: acme, stack: acme-prod, phi: true }
  medstack-to-aptible:databases: { main: { type: postgresql, version: "17" } }
  medstack-to-aptible:storage:
    { resourceGroup: { name: acme }, account: acmefiles, location: canadacentral, redundancy: GZRS, logs: { workspace: acme-logs }, containers: { documents: { name: files } } }
  medstack-to-aptible:move: ${JSON.stringify(move)}
`);
	};
	await stageIn("prepare");
	const rewrite = await run("objects", "--rewrite");
	assert.match(rewrite.output, /objects --rewrite is of the phase frozen/);
	const moved = readMoveStage("night", night.stageFile);
	await cli("endpoints:database:create", "--ip-whitelist", "203.0.113.9", "--environment", "acme", "--", "main");
	const said = await makeCredentials(new Context(), moved, { replace: false, tell: () => {} });
	assert.match(said.join("\n"), /MOVE_OBJECTS_DOCUMENTS and MOVE_OBJECTS_DOCUMENTS_TARGET/);
	const { objects } = JSON.parse(readFileSync(handOverFile(moved), "utf8"));
	assert.deepEqual(objects, { documents: { account: "acmefiles", container: "files" } });

	const service = await startBlobStandIn({ medstack: ["old"], acmefiles: ["files"] });
	try {
		service.account("medstack").put("old", "Ada Lovelace.pdf", "scan", { tier: "Archive" });
		service.account("medstack").put("old", "fine.pdf", "scan");
		const mover = world.startMover({
			MOVE_TARGET: JSON.stringify({ ...JSON.parse(world.environment().MOVE_TARGET ?? ""), objects }),
			MOVE_OBJECTS_DOCUMENTS: service.address("medstack", "old", "rlt"),
			MOVE_OBJECTS_DOCUMENTS_TARGET: service.address("acmefiles", "files", "rlwdt"),
		});
		await stageIn("frozen");
		const early = await run("objects");
		assert.match(early.output, /objects of run r1: refused \(the last pass deletes .*move -- freeze --stack night/);
		await world.over(await world.wish("freeze"));
		const failed = await run("objects");
		assert.equal(failed.code, 1, failed.output);
		assert.match(
			failed.output,
			/storage\.documents: blocker: 1 objects are not carried over \(BlobArchived\): .*rehydrate/,
		);
		assert.match(failed.output, /storage\.documents: differs: 1 objects are missing in the target/);
		assert.doesNotMatch(`${failed.output}${mover.output}`, /Lovelace/);
		assert.doesNotMatch(failed.output, /swapped in/);
		for (const again of [false, true]) {
			if (again) assert.equal((await run("report", "--run", "r3")).code, 0);
			assert.match(readFileSync(path.join(folder, ".move/night-r3.json"), "utf8"), /Ada Lovelace\.pdf/);
			assert.doesNotMatch(JSON.stringify(await world.rows("move", "SELECT * FROM public.reports")), /Lovelace/);
		}
		service.account("medstack").put("old", "Ada Lovelace.pdf", "scan");
		const done = await run("objects", "--deep");
		assert.equal(done.code, 0, `${done.output}\n${mover.output}`);
		assert.match(
			done.output,
			/storage\.documents: both sides are equal; 2 of 2 objects compared by bytes \(whole\).*\nobjects of run r4: done/,
		);
		const status = await run("status");
		assert.match(
			status.output,
			/storage\.documents: both sides were equal at \S+, 2 objects, 2 of them compared by bytes, whole: run r4, the one of the phase frozen/,
		);
	} finally {
		await service.close();
	}
});
