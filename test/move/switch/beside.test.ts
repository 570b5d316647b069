/** What a switch stands beside: others, editors, a record that was brought back, probes, and a person who is asked. */
import assert from "node:assert/strict";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { beforeEach, test } from "node:test";
import { expectedOf, findAccepted, hashProbe, hashProbes } from "../../../move/probe/evidence.ts";
import { runProbes } from "../../../move/probe/probes.ts";
import { readMoveStage } from "../../../move/stage.ts";
import { agreeToUnknown, answering } from "../../../move/switch/answer.ts";
import { textWith } from "../stage-text.ts";
import { file, hashOfFile, Night, phaseInFile, record, write, writeRecord } from "./played-night.ts";

let night: Night;
beforeEach(() => {
	night = new Night();
	night.begin("prepare");
});

test("without a terminal nothing is asked, and --yes answers", async () => {
	assert.throws(
		() => answering("frozen", false, false),
		/no terminal to answer on; .*: npm run move -- switch frozen --yes --stack STACK$/,
	);
	assert.equal(await answering("frozen", true, false)("To go to frozen, type frozen: "), "frozen");
});

test("probes are noted with how many have passed, and a domain without an endpoint has not", async () => {
	night.begin("trial");
	const moved = readMoveStage("prod", file());
	const tell = (line: string) => void night.said.push(line);
	const unknown = [
		{
			domain: "portal.acme.example",
			isPassed: false,
			line: "portal.acme.example: failed: which load balancer is unknown",
		},
	];
	const ports = { journal: night.journal, tell, find: async () => ({ targets: [], unknown }) };
	assert.equal(await runProbes(moved, ports), false);
	assert.deepEqual(night.said, [unknown[0]?.line]);
	assert.deepEqual(
		night.lines.map(({ state, evidence }) => [state, evidence]),
		[
			["begin", { phase: "trial" }],
			["failed", { phase: "trial", items: 1, failed: 1, accepted: 0, hash: hashOfFile() }],
		],
	);
	assert.equal(await runProbes(moved, { ...ports, accept: ["portal.acme.example"] }), true);
	assert.match(night.said.at(-1) ?? "", /; it passes, as a person has tested it by hand$/);
	assert.equal(night.lines.at(-1)?.evidence.accepted, 1);
	assert.equal(await runProbes(moved, ports), true, "it stays so for this trial");
	await night.journal.write("r7", "switch", "done", { phase: "trial", from: "trial" });
	assert.equal(await runProbes(moved, ports), false, "another image was not tested");
	night.run = undefined;
	await assert.rejects(runProbes(moved, ports), /no mover has made a run yet; first: npm run move -- check/);
	assert.ok(!existsSync(record()));
});

test("a record that was brought back after a thaw, of another copy, or by hand opens nothing", async () => {
	await night.switch("frozen");
	writeRecord();
	await night.refusesUntouched("trial", /is of run r7, and the journal has no proof of main from it/);
	night.prove();
	night.note("thaw", "r8", { undone: true });
	await night.refusesUntouched("trial", /MedStack was opened after it \(thaw of run r8, .*git rm .*copy --again/);
	night.prove("r9");
	night.note("swap", "r10");
	await night.refusesUntouched("trial", /run r10 has swapped in another copy since/);
	night.prove("r11");
	assert.equal(await night.switch("trial"), 0);
});

test("what others do while the question waits is found before the update", async () => {
	const refused = async (meanwhile: () => void, says: RegExp) => {
		night.meanwhile = meanwhile;
		night.did = [];
		assert.equal(await night.switch("frozen"), 1);
		assert.match(night.said.at(-1) ?? "", says);
		assert.deepEqual(night.did, ["switch begin", "preview frozen", "switch failed"]);
		night.others = undefined;
	};
	const under = "thaw is under way";
	await refused(() => {
		night.others = under;
	}, /^thaw is under way; .* is as it was, with phase: prepare$/);
	await refused(() => night.note("thaw", "r8", { undone: true }), /the journal has thaw of run r8 since this began/);
	await refused(() => writeRecord(), /or the record was changed since the preview; .* is as it was/);
	rmSync(record());
	const edited = `${textWith("frozen")}# an editor's\n`;
	await refused(
		() => writeFileSync(file(), edited),
		/was changed since the preview; .*somebody else has changed the file meanwhile.* it has to have phase: prepare$/,
	);
	assert.equal(readFileSync(file(), "utf8"), edited, "no edit is lost");
	write("prepare");
	night.meanwhile = () => {};
	night.others = under;
	await night.refusesUntouched("frozen", /thaw is under way/);
});

test("another operator who came in when the lock was lost is found before DNS is changed", async () => {
	night.begin("trial");
	night.prove();
	await night.probed();
	const { write: former } = night.journal;
	night.journal.write = async (...line) => {
		await former(...line);
		if (line[1] === "probe" && line[2] === "done") night.others = "another operator is at a switch";
	};
	await assert.rejects(night.switch("live"), /another operator/);
	assert.ok(!night.did.includes("point new"));
});

test("a phase that stood in the file by hand stays after another answer, and a file that cannot be written leaves a line", async () => {
	write("frozen");
	night.answers = ["no"];
	assert.equal(await night.switch("frozen"), 1);
	assert.equal(phaseInFile(), "frozen");
	assert.match(night.said.at(-1) ?? "", /stays as it is$/);
	write("prepare");
	const { write: former } = night.journal;
	night.journal.write = async (...line) => {
		await former(...line);
		if (line[2] === "begin") writeFileSync(file(), `${textWith("prepare")}# edited\n`);
	};
	assert.equal(await night.switch("frozen"), 1);
	assert.equal(night.lines.at(-1)?.evidence.reason, "refused");
});

test("without a run the way out of the night is the one that the program admits, and after live the mover needs its new endpoints", async () => {
	night.begin("trial");
	night.run = undefined;
	await night.refusesUntouched(
		"frozen",
		/set phase: frozen in .*, and: MEDSTACK_TO_APTIBLE_MOVE_RUN=without-journal pulumi up --stack STACK; then: .* point --to old/,
	);
	night.begin("prepare");
	await night.refusesUntouched("cancelled", /first: set phase: cancelled in .*, and: pulumi up --stack STACK$/);
	night = new Night();
	night.begin("live");
	assert.equal(await night.switch("frozen"), 0);
	assert.match(
		night.said.at(-1) ?? "",
		/next: npm run move -- credentials --replace .*; or, without the mover: .* thaw --sql/,
	);
});

test("what a TTL was before is a question of its own, which --yes does not answer", async () => {
	const lines = ["portal.acme.example has a TTL of 60 s, and no longer one was seen from here"];
	const said: string[] = [];
	const ports = (answer: string) => ({ ask: async () => answer, tell: (line: string) => void said.push(line) });
	assert.equal(await agreeToUnknown(lines, ports("live")), false);
	assert.match(said.at(-1) ?? "", /npm run move -- switch live --ttl-passed --stack STACK$/);
	assert.equal(await agreeToUnknown(lines, ports("unknown")), true);
	assert.equal(await agreeToUnknown([], ports("")), true);
});

test("what was probed and accepted is of these domains and of what each is asked", () => {
	const domain = "portal.acme.example";
	const [common, own] = [
		{ path: "/", text: "Portal", placeholders: ["smtpPassword"] },
		{ path: "/health", text: "ok" },
	];
	const moved = { via: "manual", from: "203.0.113.9" } as const;
	const move = { domains: { [domain]: moved }, smoke: common };
	const other = { ...move, domains: { [domain]: { ...moved, smoke: own } } };
	assert.deepEqual(expectedOf(move, domain), { path: "/", text: "Portal" });
	assert.deepEqual(expectedOf(other, domain), own);
	assert.equal(expectedOf({ domains: move.domains, smoke: undefined }, domain), undefined);
	night.note("probe", "r7", { phase: "trial", accepted: 1, hash: hashProbe(move, domain) });
	assert.deepEqual(findAccepted(night.lines, move), [domain]);
	assert.deepEqual(findAccepted(night.lines, other), [], "another path was not looked at");
	assert.notEqual(hashProbes(move), hashProbes(other));
});
