/** What needs no network is refused before anything is asked: no Aptible, DNS or journal is there. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { readArguments } from "../../move/arguments.ts";
import { writeWhole } from "../../move/folder.ts";
import { refuseLocally } from "../../move/local-checks.ts";
import { readMoveStage } from "../../move/stage.ts";
import type { MovePhase } from "../../wire/move.ts";
import { textWith } from "./stage-text.ts";

const OLD =
	'{"kind":"hit","time":"2026-11-30T02:14:00.000Z","instance":"a","number":1,"host":"portal.acme.example","client":"198.51.100.7","agent":"x"}\n';
const NEW =
	'portal.acme.example - [30/Nov/2026:02:14:00 +0000] "GET / HTTP/1.1" 200 5 0.1 "-" "x" "-" "198.51.100.7"\n';

/** A stage in a folder of its own; `check` refuses what is typed there. */
function stageIn(t: TestContext, phase: MovePhase, change: (text: string) => string = (text) => text) {
	const folder = mkdtempSync(path.join(tmpdir(), "local-"));
	t.after(() => rmSync(folder, { recursive: true, force: true }));
	const file = path.join(folder, "Pulumi.prod.yaml");
	writeFileSync(file, change(textWith(phase)));
	const at = (name: string) => path.join(folder, name);
	return {
		at,
		file,
		async check(...argv: string[]) {
			const given = readArguments([...argv, "--stack", "prod", "--config-file", file]);
			await refuseLocally(given, readMoveStage("prod", file));
		},
	};
}

test("the logs of a watch are looked at first: a file that is none, one for both sides, each in the other's place", async (t) => {
	const { at, check } = stageIn(t, "live");
	writeFileSync(at("old"), OLD);
	writeFileSync(at("new"), NEW);
	symlinkSync(at("old"), at("link"));
	mkdirSync(at("folder"));
	const watch = (old: string, newer: string) => () => check("watch", "--old", at(old), "--new", at(newer));
	await watch("old", "new")();
	await assert.rejects(watch("none", "new"), /^Error: --old: .*\/none is not there; correct the path$/);
	await assert.rejects(
		watch("old", "folder"),
		/^Error: --new: .*\/folder is a folder, and a log is wanted; name a file/,
	);
	await assert.rejects(watch("old", "link"), /--old and --new are the same file/);
	await assert.rejects(
		watch("new", "old"),
		/--old takes the log of MedStack's page service, and .* has lines of Aptible's endpoints/,
	);
	writeFileSync(at("empty"), "");
	await watch("empty", "new")();
	await assert.rejects(
		watch("empty", "old"),
		/--new takes the log of Aptible's endpoints, and .* give that one as --old/,
	);
});

test("domains, folders, records and variables are looked at first", async (t) => {
	const trial = stageIn(t, "trial");
	await trial.check("probe", "--accept", "portal.acme.example");
	await assert.rejects(
		() => trial.check("probe", "--accept", "portal.acme.example,other.example"),
		/--accept "other\.example" is none of move\.domains in Pulumi\.prod\.yaml; allowed: portal\.acme\.example/,
	);
	const bare = stageIn(t, "live", (text) => text.replace(/\n +domains:.*/, ""));
	for (const argv of [["probe"], ["point", "--to", "new"], ["watch", "--old", "-", "--new", bare.file]]) {
		await assert.rejects(
			() => bare.check(...argv),
			/goes by move\.domains, which is empty in Pulumi\.prod\.yaml; add each/,
		);
	}
	await assert.rejects(
		() => trial.check("plan", "--write", trial.file),
		/^Error: --write takes a folder that .* is none: /,
	);
	await trial.check("plan", "--write", trial.at("pages/new"));
	await assert.rejects(
		() => stageIn(t, "live").check("close", "--thawed"),
		/close takes --thawed in the phase "cancelled" alone, and Pulumi\.prod\.yaml has "live"; leave it out/,
	);
	const cancelled = stageIn(t, "cancelled");
	await cancelled.check("close", "--thawed", "--drop-journal", "--drop-former");
	await assert.rejects(
		() => cancelled.check("close", "--without-watch", "nobody is left"),
		/close takes --without-watch in the phase "live" alone, and .* has "cancelled"; leave it out/,
	);
	const prepare = stageIn(t, "prepare");
	await assert.rejects(() => prepare.check("rehearse", "--keep"), /it needs move\.phase: prepare and move\.smoke/);
	writeFileSync(prepare.at("Pulumi.prod.move.json"), '{"closed":true}');
	await assert.rejects(() => prepare.check("copy"), /says that the move is closed/);

	mkdirSync(trial.at(".move"));
	writeFileSync(trial.at(".move/prod.jsonl"), "nonsense\n");
	await assert.rejects(() => trial.check("verify"), /prod\.jsonl:1: .*move it away/);
	await trial.check("status");
	writeFileSync(prepare.at(".move"), "");
	await assert.rejects(() => prepare.check("check"), /\.move is a file, and the move keeps its journal in a folder/);
	process.env.MEDSTACK_TO_APTIBLE_DNS = "resolver";
	t.after(() => delete process.env.MEDSTACK_TO_APTIBLE_DNS);
	await assert.rejects(() => bare.check("switch", "live"), /"resolver" is no address of a DNS server/);
});

test("a stage file that cannot be read is named, with why", async (t) => {
	const { at, check, file } = stageIn(t, "prepare");
	const read = (name: string) => () => readMoveStage("prod", at(name));
	assert.throws(read("none"), /\/none is not there; name a stack of this project, or its file/);
	// A folder that Node tries to make for ever.
	await assert.rejects(
		() => check("plan", "--write", "/proc/no-such-folder/in"),
		/--write takes a folder .*; name another path$/,
	);
	for (const [name, content, says] of [
		["utf16", Buffer.from(textWith("prepare"), "utf16le"), /utf16 is no text in UTF-8, .*; save it as UTF-8/],
		["latin", Buffer.from("# caf\xe9\n", "latin1"), /latin is no text in UTF-8, .*; save it as UTF-8/],
		["words", "hello\n", /words is no stage file, as it is no block of keys/],
		["huge", "a".repeat(512 * 1024 + 1), /huge has 524289 bytes, .*; allowed: 524288;/],
	] as const) {
		writeFileSync(at(name), content);
		assert.throws(read(name), says, name);
	}
	assert.throws(() => readMoveStage("prod", "/dev/null"), /\/dev\/null is a pipe or a device, and a file is wanted/);
	assert.throws(read("."), / is a folder, and a file is wanted; name a file; name a stack/);
	writeFileSync(file, "config: [\n");
	await assert.rejects(
		() => check("status"),
		/Pulumi\.prod\.yaml is no YAML, as Pulumi writes a stage file: .* at line 2/,
	);
});

test("a file that cannot be written is named, and nothing of it is left", (t) => {
	const { at } = stageIn(t, "prepare");
	mkdirSync(at("there/in"), { recursive: true });
	assert.throws(() => writeWhole(at("there"), "text"), /\/there is a folder, and a file is wanted/);
	assert.deepEqual(readdirSync(at(".")).sort(), ["Pulumi.prod.yaml", "there"]);
});
