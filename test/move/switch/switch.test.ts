/** `switch`, step by step: what it does in which order, what it refuses, and what it leaves where it is killed. */
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { beforeEach, test } from "node:test";
import { ttlNotesFile } from "../../../move/dns/ttl-notes.ts";
import { readMoveStage } from "../../../move/stage.ts";
import { switchPhase } from "../../../move/switch/switch.ts";
import { HASH, Killed, NOW } from "../killable.ts";
import { textWith } from "../stage-text.ts";
import { file, folder, Night, phaseInFile, record, write, writeRecord } from "./played-night.ts";

const TTL_SECONDS = 60;

/** What `plan` has seen of the domain, days ago. */
function noteTtl(): void {
	const note = { ttlSeconds: TTL_SECONDS, seen: "2026-12-01T00:00:00Z", safeFrom: "2026-12-01T01:00:00Z" };
	mkdirSync(path.join(folder, ".move"), { recursive: true });
	writeFileSync(ttlNotesFile({ folder, name: "prod" }), JSON.stringify({ "portal.acme.example": note }));
}

let night: Night;
beforeEach(() => {
	night = new Night();
	night.begin("prepare");
});

test("a step is noted, shown, previewed, asked for, updated and looked at, and the commit is the person's", async () => {
	assert.equal(await night.switch("frozen"), 0);
	assert.deepEqual(night.did, ["switch begin", "preview frozen", "switch note", "update frozen of r7", "switch done"]);
	assert.equal(readFileSync(file(), "utf8"), textWith("frozen"));
	assert.deepEqual(night.lines.at(-1)?.evidence, { phase: "frozen", from: "prepare" });
	assert.match(night.said[0] ?? "", /Pulumi\.prod\.yaml, line 11:$/);
	assert.deepEqual(night.said.slice(1, 4), [
		"-    phase: prepare   # one word",
		"+    phase: frozen   # one word",
		"the stage is in the phase frozen",
	]);
	assert.match(
		night.said[4] ?? "",
		/^commit it: git add \S*Pulumi\.prod\.yaml && git commit -m "Move of prod: phase frozen"$/,
	);
	assert.match(night.said[5] ?? "", /npm run move -- freeze/);
});

test("the whole night and both ways back: users are led to a side once it serves, and never before", async () => {
	await night.switch("frozen");
	night.prove();
	await night.switch("trial");
	assert.ok(night.said.some((line) => /git add \S*Pulumi\.prod\.yaml \S*Pulumi\.prod\.move\.json/.test(line)));
	await night.probed();
	night.did = [];
	assert.equal(await night.switch("live"), 0);
	assert.deepEqual(night.did.slice(2), [
		"mark done",
		"switch note",
		"update live of r7",
		"probe",
		"probe done",
		"point new",
		"switch done",
	]);
	night.did = [];
	assert.equal(await night.switch("frozen"), 0);
	assert.deepEqual(night.did.slice(3), ["update frozen of r7", "point old", "switch done"]);
	night.did = [];
	assert.equal(await night.switch("cancelled"), 0);
	assert.deepEqual(night.did.slice(3), ["update cancelled of r7", "point old", "switch done"]);
	night.did = [];
	rmSync(record());
	assert.equal(await night.switch("prepare"), 0);
	assert.deepEqual(night.did.slice(3), ["update prepare of r7", "switch done"]);
});

test("a refused preview and another answer put the file back, byte for byte, and leave nothing open", async () => {
	night.isPreviewRefused = true;
	assert.equal(await night.switch("frozen"), 1);
	assert.equal(readFileSync(file(), "utf8"), textWith("prepare"));
	assert.match(night.said.at(-1) ?? "", /^the preview is refused, as above; .* is as it was, with phase: prepare$/);
	night.isPreviewRefused = false;
	night.answers = ["yes"];
	assert.equal(await night.switch("frozen"), 1);
	assert.match(night.said.at(-1) ?? "", /^not answered with frozen; /);
	assert.equal(readFileSync(file(), "utf8"), textWith("prepare"));
	assert.deepEqual(night.lines.at(-1)?.evidence, { phase: "frozen", from: "prepare", reason: "refused" });
	assert.equal(night.made, "prepare");
	night.answers = [];
	assert.equal(await night.switch("frozen"), 0);
});

test("killed before and after each act and run again, it comes to the same end, and each update is one that was agreed to", async () => {
	for (const [to, first] of [
		["frozen", "prepare"],
		["live", "trial"],
		["frozen", "live"],
	] as const) {
		for (let killAt = 1; ; killAt += 1) {
			night = new Night();
			night.begin(first);
			if (first !== "prepare") night.prove();
			else rmSync(record(), { force: true });
			if (to === "live") {
				noteTtl();
				await night.probed();
			}
			night.killAt = night.acts + killAt;
			const ended = await night.switch(to).then(
				() => true,
				(error: Error) => (error instanceof Killed ? false : assert.fail(error)),
			);
			if (ended) {
				assert.ok(killAt > 10, `${first} to ${to}: killed ${killAt - 1} times`);
				break;
			}
			night.killAt = Number.POSITIVE_INFINITY;
			const wasDone = night.lines.at(-1)?.state === "done" && night.lines.at(-1)?.step === "switch";
			if (wasDone) await night.refuses(to, /already, and its update is done/);
			else assert.equal(await night.switch(to), 0, `${first} to ${to}, killed at ${killAt}`);
			assert.equal(phaseInFile(), to);
			assert.equal(night.made, to);
			assert.equal(night.lines.at(-1)?.state, "done");
			const ttl = to === "live" ? { seconds: TTL_SECONDS } : {};
			assert.deepEqual(night.lines.at(-1)?.evidence, { phase: to, from: first, ...ttl });
			if (first !== "prepare") assert.equal(night.did.at(-2), to === "live" ? "point new" : "point old");
			else assert.ok(!night.did.some((what) => what.startsWith("point")));
		}
	}
});

test("a killed one that is answered with no goes back, unless its update has begun", async () => {
	night.killAt = 4;
	await assert.rejects(night.switch("frozen"), Killed);
	assert.equal(phaseInFile(), "frozen");
	night.killAt = Number.POSITIVE_INFINITY;
	night.answers = ["no"];
	assert.equal(await night.switch("frozen"), 1);
	assert.match(
		night.said.find((line) => line.includes("taken up")) ?? "",
		/has phase: frozen already, and its switch was not ended/,
	);
	assert.equal(readFileSync(file(), "utf8"), textWith("prepare"));
	const isLockSaid = () =>
		night.said.some((line) => /^its update has begun before: .* first: pulumi cancel/.test(line));

	night.isUpdateFailing = true;
	assert.equal(await night.switch("frozen"), 1);
	assert.match(night.said.at(-1) ?? "", /pulumi up has failed.* go on: npm run move -- switch frozen/);
	assert.ok(!isLockSaid(), "no update had begun");
	night.answers = ["no"];
	assert.equal(await night.switch("frozen"), 1);
	assert.match(night.said.at(-1) ?? "", /its update has begun before, so that .* stays as it is; go on with/);
	assert.ok(isLockSaid(), "before a preview goes past the lock");
	assert.equal(phaseInFile(), "frozen");
	night.isUpdateFailing = false;
	assert.equal(await night.switch("frozen"), 0);
});

test("from an update that failed in its middle the way on and the way back are open", async () => {
	night.begin("trial");
	night.prove();
	await night.probed();
	night.isUpdateFailing = true;
	assert.equal(await night.switch("live"), 1);
	night.isUpdateFailing = false;
	await night.switch("trial", true);
	assert.match(
		night.said.at(-1) ?? "",
		/^the preview is refused, as above; .* with phase: live$/,
		"the state has live",
	);
	night.answers = ["no"];
	assert.equal(await night.switch("live"), 1);
	assert.match(night.said.at(-1) ?? "", /its update has begun before/);
	assert.equal(await night.switch("frozen"), 0);
	assert.equal(night.made, "frozen");
	assert.equal(night.did.at(-2), "point old");
});

test("a switch that was killed before its update leaves the way open that the state allows", async () => {
	night.begin("trial");
	night.prove();
	await night.probed();
	night.killAt = night.acts + 4;
	await assert.rejects(night.switch("live"), Killed);
	assert.equal(phaseInFile(), "live");
	night.killAt = Number.POSITIVE_INFINITY;
	assert.equal(await night.switch("trial", true), 0);
	assert.equal(phaseInFile(), "trial");
	assert.deepEqual(night.lines.at(-1)?.evidence, { phase: "trial", from: "trial" });
	assert.ok(!night.did.some((what) => what.startsWith("point")));
});

test("a file that was changed by hand before its update is taken up", async () => {
	write("frozen");
	assert.equal(await night.switch("frozen"), 0);
	assert.match(night.said[0] ?? "", /has phase: frozen already, and no update has made it so; it is taken up$/);
});

test("the same phase once more is for --again alone, for another change of the file", async () => {
	await night.switch("frozen");
	await night.refusesUntouched(
		"frozen",
		/has phase: frozen already, and its update is done; .* switch frozen --again --stack STACK/,
	);
	await night.refusesUntouched("prepare", /--again is for the phase that the stage is in, which is frozen/, true);
	assert.equal(await night.switch("frozen", true), 0);
	assert.deepEqual(night.lines.at(-1)?.evidence, { phase: "frozen", from: "frozen" });
	assert.ok(!night.did.some((what) => what.startsWith("point")));
});

test("steps out of order, without the record, or with an earlier one are refused before anything is done", async () => {
	await night.refusesUntouched("live", /record of a verified copy|"live" cannot follow "prepare"/);
	await night.refusesUntouched("trial", /"trial" cannot follow "prepare".* allowed: "frozen", "cancelled"/);
	writeRecord();
	await night.refusesUntouched(
		"frozen",
		/"frozen" cannot follow "prepare" while Pulumi\.prod\.move\.json is the record of an earlier copy/,
	);
	rmSync(record());
	await night.switch("frozen");
	await night.refusesUntouched("trial", /needs the record of a verified copy, Pulumi\.prod\.move\.json/);
	night.prove();
	await night.refusesUntouched("live", /live comes after trial/);
	night.run = undefined;
	await night.refusesUntouched("trial", /no mover has made a run yet/);
	night.run = "r7";
	night.made = undefined;
	await night.refusesUntouched("trial", /stack prod has no phase yet/);
});

test("live wants probes that have passed since the stage is in trial, of each domain", async () => {
	await night.switch("frozen");
	night.prove();
	await night.probed();
	await night.switch("trial");
	const wanted = /live needs probes of each domain .* npm run move -- probe/;
	await night.refusesUntouched("live", wanted);
	await night.probed({ hash: HASH });
	await night.refusesUntouched("live", wanted);
	await night.probed({ phase: "prepare" });
	await night.refusesUntouched("live", wanted);
	await night.probed();
	await night.journal.write("r7", "probe", "failed", { phase: "trial", items: 1, failed: 1 });
	await night.refusesUntouched("live", wanted);
	await night.probed();
	await night.journal.write("r8", "probe", "begin", { phase: "trial" });
	assert.equal(await night.switch("trial", true), 0);
	await night.refusesUntouched("live", wanted);
	await night.probed();
	assert.equal(await night.switch("live"), 0);
});

test("where live does not serve, DNS stays as it is, and the same command goes on", async () => {
	night.begin("trial");
	night.prove();
	await night.probed();
	night.isProbeFailing = true;
	assert.equal(await night.switch("live"), 1);
	assert.ok(!night.did.includes("point new"));
	assert.equal(night.made, "live");
	assert.match(night.said.at(-1) ?? "", /^DNS is not changed\..* or go back: npm run move -- switch frozen/);
	night.isProbeFailing = false;
	assert.equal(await night.switch("live"), 0);
	assert.equal(night.did.at(-2), "point new");
});

test("where live does not serve, domains that the update itself has led are named, with what going back loses", async () => {
	night.begin("trial");
	const azure = (text: string) =>
		`${text.replace("via: manual", "via: azure")}  medstack-to-aptible:dns:
    resourceGroup: { name: acme-dns }
    zones: { acme: { domain: acme.example, records: { portal: { name: portal, type: CNAME, endpoint: portal.public } } } }
`;
	writeFileSync(file(), azure(textWith("trial")));
	night.prove();
	await night.probed();
	night.isProbeFailing = true;
	assert.equal(await night.switch("live"), 1);
	assert.match(
		night.said.at(-1) ?? "",
		/^people come to Aptible by portal\.acme\.example since the update, and writes may have arrived there, which going back would lose\. Fix that/,
	);
});

test("cancelled waits for the thaw of a source that a freeze has shut", async () => {
	await night.switch("frozen");
	mkdirSync(path.join(folder, ".move"), { recursive: true });
	const note = { run: "r7", database: "main", step: "freeze", part: "2964", state: "note", holder: "0123456789ab" };
	const line = { seq: 1, at: NOW.toISOString(), ...note, epoch: 1, evidence: { readOnly: null, oid: 16384 } };
	writeFileSync(path.join(folder, ".move/prod.jsonl"), `${JSON.stringify(line)}\n`);
	await night.refusesUntouched(
		"cancelled",
		/the source of main is shut by a freeze, .* in frozen: npm run move -- thaw/,
	);
});

test("an engine that cannot be started leaves the file as it was", async () => {
	const started = switchPhase(
		readMoveStage("prod", file()),
		{ to: "frozen", isAgain: false },
		{
			journal: night.journal,
			engine: {
				phase: async () => "prepare",
				preview: () => Promise.reject(new Error("pulumi cannot be started")),
				update: () => assert.fail("there was no preview"),
			},
			ask: () => assert.fail("nothing is asked"),
			tell: (line) => void night.said.push(line),
			probe: () => assert.fail("nothing is probed"),
			pointDomains: () => assert.fail("nobody is led anywhere"),
			mark: () => assert.fail("nothing is opened"),
		},
	);
	assert.equal(await started, 1);
	assert.match(night.said.at(-1) ?? "", /^pulumi cannot be started; .* is as it was/);
	assert.equal(readFileSync(file(), "utf8"), textWith("prepare"));
});
