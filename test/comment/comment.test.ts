import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { type Findings, writeComment } from "../../comment/comment.ts";
import { priceSource } from "../../cost/prices.ts";
import { root } from "../support/repository.ts";

const none = { drifted: [], gone: [], undeclared: [], undeclaredEndpoints: [], unknown: [], recovery: [] };

function write(changes: Partial<Findings>): string {
	const text = "Previewing update (prod):\n\nResources:\n    12 unchanged\n";
	return writeComment({ stage: "prod", text, hasFailed: false, costs: new Error("no file"), drift: none, ...changes });
}

/** A preview with these lines under one resource. */
const saying = (...lines: string[]) =>
	`Previewing update (prod):\n\nDiagnostics:\n  medstack-to-aptible:index:App (portal):\n${lines.map((line) => `    ${line}\n`).join("")}\nResources:\n    ~ 1 to update\n`;

test("an error keeps its lines, and stands before a warning's and an effect", () => {
	const text = saying(
		"app portal: one restart",
		"warning: two things:",
		"  one",
		"other",
		"error: the stage is wrong:",
		"- here",
	);
	assert.match(
		write({ text }),
		/\n- \*\*error\*\*: the stage is wrong:\n {2}- here\n- \*\*warning\*\*: two things:\n {2}one\n {2}other\n- \*\*app portal\*\*: one restart\n/,
	);
});

test("nothing in an effect is markup but commands, and nobody is mentioned", () => {
	const text = saying("app portal: config <b> A_B `aptible apps` ` *x* [l](u) by @ana, #12 | 1 => 2");
	assert.match(
		write({ text }),
		/^- \*\*app portal\*\*: config \\<b> A\\_B `aptible apps` \\` \\\*x\\\* \\\[l\\\]\(u\) by @<!-- -->ana, #<!-- -->12 \\\| 1 => 2$/m,
	);
});

test("no issue is mentioned by its short name or address", () => {
	const shown = write({ text: saying("app portal: config GH-12 https://github.com/acme/stages/issues/12 set") });
	assert.match(shown, /^- .*config GH-<!-- -->12 https:\/\/github\.com\/<!-- -->acme\/stages\/issues\/12 set$/m);
});

test("what is deleted or replaced stands before other effects", () => {
	const text = saying(
		"app portal: one restart",
		"DNS record www.acme.example IS REPLACED by CNAME portal.acme.example: A 203.0.113.10 is deleted first",
		"database main IS DELETED: 100 GB",
	);
	const shown = write({ text })
		.split("\n")
		.filter((line) => line.startsWith("- "));
	assert.deepEqual(
		shown.map((line) => /main|www|portal\*/.exec(line)?.[0]),
		["www", "main", "portal*"],
	);
});

test("harm stands before warnings, and no long text hides what comes after it", () => {
	const harm = [
		"app old: one scale of web, 2 x 1024 MB => 0: IT STOPS",
		"endpoint public of app old GOES OFF THE NETWORK: https",
		"environment acme: backups of each database: daily 30 => 7; the ones beyond ARE DELETED",
		"storage account acmefiles: versions END: what is overwritten from now on IS LOST",
		"storage account acmefiles: the firewall CLOSES to all but 203.0.113.7",
		"endpoint open of database main: IP filter 203.0.113.7 => none: open to EVERYONE",
		"database main IS DELETED: 100 GB",
		"database cache: THE UPDATE FAILS, as a disk of 20 GB never shrinks",
	];
	const warnings = Array.from(
		{ length: 300 },
		(_, at) => `warning: app other-${at} is not declared${" here".repeat(20)}`,
	);
	const text = saying(
		"app portal: one restart",
		...harm,
		`error: ${"long ".repeat(8000)}`,
		`error: ${"@".repeat(4000)}`,
		...warnings,
	);
	const [shown = ""] = write({ text }).split("\n\n**Costs");
	for (const line of harm) assert.ok(shown.includes(line.split(": ").at(-1) ?? ""), line);
	assert.ok(shown.indexOf("IS DELETED") < shown.indexOf("**warning**"), shown);
	assert.ok(shown.length < 21_000, String(shown.length));
});

test("no text ends the fence that it stands in", () => {
	const text = "boom\n`````\n<b>@ana</b>\n``````\nmore";
	const comment = write({ text, hasFailed: true });
	assert.match(comment, /\n`````text\nboom\n````\n<b>@ana<\/b>\n````\nmore\n`````\n\n<\/details>\n$/);
});

test("nothing is said to change only where the engine says so", () => {
	assert.match(write({}), /^Nothing changes\.$/m);
	assert.doesNotMatch(write({ text: "Resources:\n    +-1 to replace\n    3 unchanged\n" }), /Nothing changes/);
	const [shown = ""] = write({ text: "Resources:\n    ~ 1 to update\n" }).split("<details>");
	assert.match(shown, /^What changes is in the preview below\.$/m);
	assert.doesNotMatch(write({ text: "boom", hasFailed: true }), /Nothing changes/);
});

test("a deletion or replacement that no line tells is named with its number", () => {
	const untold = `${saying("app portal: one restart")}    +-1 to replace\n    - 2 to delete\n`;
	const [shown = ""] = write({ text: untold }).split("<details>");
	assert.match(shown, /^- \*\*1 to replace, 2 to delete\*\*: only the preview below says what$/m);
	const told = `${saying("database main IS DELETED: 10 GB")}    - 2 to delete\n`;
	assert.doesNotMatch(write({ text: told }).split("<details>")[0] ?? "", /to delete/);
});

test("a preview that says nothing of its failure is shown open", () => {
	assert.match(write({ text: "boom", hasFailed: true }), /it fails\n[\s\S]*<details open>[\s\S]*\nboom\n`````/);
	assert.match(write({ text: saying("error: x"), hasFailed: true }), /<details><summary>/);
});

test("costs against a commit without the stage's file say that all of it is new", () => {
	const band = { from: 5840, to: 5840 };
	const line = { object: "service a.web", before: undefined, after: band };
	const against = { ref: "HEAD^1", isThere: false, changes: [line], total: { from: 0, to: 0 } };
	const costs = { stage: "prod", prices: priceSource, lines: [], total: band, against, notPriced: [] };
	assert.match(
		write({ costs }),
		/^#### Costs: \+58\.40 USD a month, 0\.00 USD => 58\.40 USD\n\nHEAD\^1 has no file of this stage: all of it is new\.\n\n\| Object/m,
	);
	const known = { ...costs, against: { ...against, isThere: true } };
	assert.doesNotMatch(write({ costs: known }), /all of it is new/);
});

test("costs that are unknown say why, in one line", () => {
	assert.match(write({ costs: new Error("2 mistakes:\n- one\n") }), /^\*\*Costs\*\* are unknown: 2 mistakes: - one $/m);
});

test("drift names what differs, what is gone, what is not declared, and what could not be seen", () => {
	const cause = "changed by operation 7 (scale by Ana)";
	const differences = [{ field: "services.web.containers", live: "5", declared: "1", cause }];
	const drift = {
		...none,
		drifted: [{ kind: "app", name: "portal", differences }],
		gone: ["database main is gone from Aptible"],
		undeclared: ["app old is not declared", "endpoint x is not declared"],
		undeclaredEndpoints: ["endpoint x is not declared"],
		unknown: ["drains are unknown"],
		recovery: ["database main: recovery to a point in time"],
	};
	const [, listed = ""] = /#### Drift.*\n\n([\s\S]*?)\n\n/.exec(write({ drift })) ?? [];
	assert.deepEqual(listed.split("\n"), [
		"- database main is gone from Aptible",
		"- **app portal**: services.web.containers is 5, declared 1, changed by operation 7 (scale by Ana)",
		"- endpoint x is not declared",
		"- app old is not declared",
		"- drains are unknown",
	]);
	assert.match(write({ drift: undefined }), /^\*\*Drift\*\* is unknown/m);
});

test("a comment has at most what GitHub takes, with headings and an end", () => {
	const effects = Array.from({ length: 500 }, (_, at) => `app portal-${at}: ${"one deploy; ".repeat(20)}`);
	const gone = Array.from({ length: 500 }, (_, at) => `database main-${at} is gone${" from Aptible".repeat(20)}`);
	const comment = write({ text: saying(...effects) + "x".repeat(100_000), drift: { ...none, gone } });
	assert.ok(comment.length < 65_536, String(comment.length));
	assert.match(comment, /^\.\.\. and 4\d\d more, in the preview below or its log$/m);
	assert.match(comment, /#### Drift[\s\S]*\n\.\.\. the rest is in the log\n`````\n\n<\/details>\n$/);
});

function run(env: Record<string, string>, ...args: string[]) {
	const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, "comment/main.ts"), ...args], {
		cwd: root,
		encoding: "utf8",
		env,
	});
	return { status, stdout, stderr };
}

test("without the pulumi CLI there is a comment that says so, with what is known", () => {
	const { status, stdout } = run({ PATH: "/nowhere" }, "--stack", "prod");
	assert.equal(status, 1);
	assert.match(stdout, /^### Preview of `prod`: it fails\n\n\*\*Costs\*\*: 927\.20 to 1160\.80 USD a month\./m);
	assert.match(stdout, /<details open>[\s\S]*the `pulumi` CLI is not on PATH/);
});

test("wrong arguments end with 2, and say what is allowed", () => {
	for (const [args, says] of [
		[[], /--stack is missing/],
		[["--stack", "prod", "--json"], /--json/],
	] as const) {
		const { status, stdout, stderr } = run({}, ...args);
		assert.deepEqual([status, stdout], [2, ""]);
		assert.match(stderr, says);
		assert.match(stderr, /usage: npm run comment/);
	}
});
