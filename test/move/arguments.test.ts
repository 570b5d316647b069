import assert from "node:assert/strict";
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { acceptedLoss, readArguments, UsageError } from "../../move/arguments.ts";
import { refusePhase } from "../../move/guards.ts";
import type { MoveStage } from "../../move/stage.ts";
import { STEPS, usage, usageOf } from "../../move/usage.ts";
import { nameStage } from "../../packages/mover/commands.ts";
import { root } from "../support/repository.ts";

/** Every command that a source or a page tells somebody to type, with a value for what the source fills in. */
function commandsIn(file: string): string[] {
	const text = readFileSync(path.join(root, file), "utf8")
		.replaceAll(/--stack \$\{[^}]*\}/g, "--stack prod")
		.replaceAll(/move -- \$\{[^}]*\}/g, "move -- copy")
		.replaceAll(/move -- switch \$\{[^}]*\}/g, "move -- switch trial")
		.replaceAll(/ \$\{option\}/g, " --drop-former")
		.replaceAll(/(--(?:delete|overwrite)) \$\{[^}]*\}/g, "$1 12");
	return [
		...text.matchAll(
			/npm run move -- ((?!STEP)(?:switch )?\w+(?: --[a-z-]+(?: [A-Za-z\d][\w.]*(?=[ `;:,)"\\]|$))?)*)/gm,
		),
	].map(([, command = ""]) => command);
}

test("each command that is named in a source or on a page can be typed as it stands", () => {
	const files = ["move", "packages/mover", "config", "wire", "docs"].flatMap((folder) =>
		globSync(`${folder}/**/*.{ts,md}`, {
			cwd: root,
			exclude: (name) => /(^|\/)(test|node_modules)$/.test(String(name)),
		}),
	);
	const commands = files.flatMap((file) => commandsIn(file).map((command) => ({ file, command })));
	assert.ok(commands.length > 40, String(commands.length));
	const wrong = commands.flatMap(({ file, command }) => {
		try {
			readArguments(command.split(" "));
			return [];
		} catch (error) {
			return [`${file}: ${command}: ${(error as Error).message}`];
		}
	});
	assert.deepEqual(wrong, []);
});

test("help is there as a word too, and has a line for each option", () => {
	for (const argv of [["help"], ["--help"], ["-h"], [], ["copy", "--help"]])
		assert.equal(readArguments(argv).step, "help");
	for (const option of [
		"stack",
		"config-file",
		"keep",
		"again",
		"replace",
		"run",
		"yes",
		"thawed",
		"sql",
		"database",
		"drop-former",
		"drop-journal",
		"deep",
		"delete",
		"overwrite",
		"empty",
		"new-source",
		"rewrite",
		"write",
		"old",
		"new",
		"follow",
		"accept",
		"without-watch",
		"accept-loss",
	]) {
		assert.match(usage, new RegExp(`^ {4}--${option}(?: [A-Z]+)? {2,}\\w`, "m"));
	}
	assert.match(usage, /^ {2}switch PHASE {2,}\w/m);
	assert.equal(readArguments(["switch", "trial", "--again", "--yes", "--stack", "prod"]).phase, "trial");
	assert.throws(
		() => readArguments(["switch", "--stack", "prod"]),
		/takes a phase, and none was given; use one of prepare, frozen/,
	);
	assert.throws(() => readArguments(["switch", "back", "--stack", "prod"]), /takes a phase, and "back" was given/);
	assert.throws(() => readArguments(["switch", "trial", "live", "--stack", "prod"]), UsageError);
	assert.throws(() => readArguments(["thaw", "--database", "main", "--stack", "prod"]), /with --sql alone/);
	assert.throws(() => readArguments(["copy", "--keep", "--stack", "prod"]), UsageError);
	assert.throws(
		() => readArguments(["switch", "live", "--stack", "prod", "--stack", "staging"]),
		/--stack is given twice; one of them is to go/,
	);
	assert.throws(() => readArguments(["plan", "--stack", "../prod"]), /--stack "\.\.\/prod" is no name of a stack/);
	const watch = (...more: string[]) => readArguments(["watch", "--stack", "prod", ...more]);
	assert.throws(() => watch("--old", "a"), /watch takes both sides' logs: --old FILE --new FILE/);
	assert.throws(() => watch("--old", "-", "--new", "-"), /watch takes two logs, and "-" is given for both sides/);
	for (const client of ["bot", "198.51.100.7,", "198.51.100.0/33", "0.0.0.0/0"]) {
		assert.throws(
			() => watch("--old", "-", "--new", "b", "--accept", client),
			/--accept ".*" is no address and no small network; allowed: 198/,
		);
	}
	const back = (loss: string) => readArguments(["back", "--accept-loss", loss, "--stack", "prod"]);
	for (const loss of ["some", "-1", "1.5", ""])
		assert.throws(
			() => back(loss),
			/--accept-loss ".*" is no number of rows|--accept-loss takes N, and (none|nothing) was given/,
		);
	assert.deepEqual([acceptedLoss("12"), acceptedLoss("all"), acceptedLoss(undefined)], [12, "all", undefined]);
	assert.equal(back("all").options["accept-loss"], "all");
	assert.equal(watch("--old", "-", "--new", "b", "--accept", "198.51.100.7,2001:db8::/32").options.old, "-");
	assert.throws(
		() => readArguments(["close", "--without-watch", " ", "--stack", "prod"]),
		/takes the reason, in words/,
	);
});

test("a mistake is said in a line, with the usage of the step that was typed and of no other", () => {
	const wrong = (...argv: string[]): UsageError => {
		try {
			readArguments(argv);
		} catch (error) {
			assert.ok(error instanceof UsageError, String(error));
			return error;
		}
		return assert.fail(`${argv.join(" ")} is let through`);
	};
	const said = (...argv: string[]) => `${wrong(...argv).step}: ${wrong(...argv).message}`;
	assert.equal(said("copy", "--yeah", "--stack", "prod"), "copy: no step takes --yeah");
	assert.equal(said("copy", "-y", "--stack", "prod"), "copy: no step takes -y");
	assert.equal(said("copy", "--yes", "--stack", "prod"), "copy: copy takes no --yes");
	assert.equal(said("switch", "live", "--yes=no", "--stack", "prod"), "switch: --yes takes no value");
	assert.match(said("plan", "--stack"), /^plan: --stack takes STACK, and none was given/);
	assert.match(said("watch", "--old", "--new", "b"), /^watch: --old takes FILE, and none was given/);
	assert.equal(said("plan", "--write", "", "--stack", "prod"), "plan: --write takes FOLDER, and nothing was given");
	assert.equal(said("switch", "live", "--unknown-ttl", "--stack", "prod"), "switch: no step takes --unknown-ttl");
	assert.match(said("--stack", "prod"), /^undefined: name a step; use one of plan, /);
	assert.match(said("help", "move"), /^undefined: "move" is no step; use one of plan, /);
	for (const argv of [
		["help", "copy"],
		["copy", "--help"],
	])
		assert.equal(readArguments(argv).of, "copy");
	for (const step of Object.keys(STEPS)) {
		const lines = usageOf(step).split("\n");
		assert.ok(lines.length < 15, step);
		assert.match(lines[0] ?? "", new RegExp(`^usage: npm run move -- ${step} `));
	}
	assert.match(usage, /^ +3 from plan alone/m);
});

test("where people work on Aptible, no step is a reason to stop it: the way back counts what would be lost", (t) => {
	const folder = mkdtempSync(path.join(tmpdir(), "guards-"));
	t.after(() => rmSync(folder, { recursive: true, force: true }));
	for (const phase of ["trial", "live"] as const) {
		const moved = { name: "prod", folder, stage: { move: { phase } } } as unknown as MoveStage;
		for (const step of ["copy", "freeze", "thaw", "rehearse", "point --to old"]) {
			assert.throws(
				() => refusePhase(step, moved),
				(error: Error) =>
					/npm run move -- back --stack/.test(error.message) && !error.message.includes("switch frozen"),
				`${step} in ${phase}`,
			);
		}
	}
	const proof = { version: 1, run: "r2", databases: {}, at: "2026-11-30T02:14:00Z" };
	writeFileSync(path.join(folder, "Pulumi.prod.move.json"), JSON.stringify({ ...proof, closed: true }));
	const closed = { name: "prod", folder, stage: { move: { phase: "live" } } } as unknown as MoveStage;
	assert.throws(
		() => refusePhase("copy", closed),
		(error: Error) =>
			/the move of prod is closed, from where there is no way back; to look: /.test(error.message) &&
			!error.message.includes("-- back"),
	);
	refusePhase("watch", closed);
});

test("what is said of commands has the stage's name, and its file where that is another", () => {
	const text =
		"run: npm run move -- stop --stack STACK; or `pulumi up --stack prod` or x --stack prod-2 --stack production";
	assert.equal(
		nameStage(text, "prod"),
		"run: npm run move -- stop --stack prod; or `pulumi up --stack prod` or x --stack prod-2 --stack production",
	);
	assert.equal(
		nameStage("a --stack STACK --replace. b --stack prod.", "prod", "../a b/Pulumi.prod.yaml"),
		"a --stack prod --config-file '../a b/Pulumi.prod.yaml' --replace. b --stack prod --config-file '../a b/Pulumi.prod.yaml'.",
	);
	const twice = nameStage(nameStage("a --stack STACK", "prod", "f.yaml"), "prod", "f.yaml");
	assert.equal(twice, "a --stack prod --config-file f.yaml");
});
