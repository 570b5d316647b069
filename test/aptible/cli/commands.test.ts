import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { before, test } from "node:test";
import { loadContract } from "@medstack-to-aptible/sandbox/aptible/contract.ts";
import { parseCall } from "@medstack-to-aptible/sandbox/aptible/thor.ts";
import { misfits, type NotedCall } from "../../support/contract-argv.ts";
import { calls, modules, NotingCli } from "./command-calls.ts";

const root = join(import.meta.dirname, "../../..");
const contract = loadContract();

/** What those files have besides, and files that have no command. */
const noCommands = ["version.parseVersion"];
const noCommandFiles = [
	"cli",
	"command-line",
	"failure",
	"held",
	"process",
	"run",
	"ssh-key",
	"version-cache",
	"watchdog",
];

/** What each command function asked. */
const asked = new Map<string, readonly NotedCall[]>();

before(async () => {
	// The version of this machine's CLI, if it has one, may be known.
	process.env.XDG_CACHE_HOME = await mkdtemp(join(tmpdir(), "cache-"));
	for (const [name, call] of Object.entries(calls)) {
		const cli = new NotingCli();
		await call(cli);
		asked.set(name, cli.calls);
	}
});

test("no command of aptible/cli is left out here", () => {
	const files = readdirSync(join(root, "aptible/cli")).map((file) => file.replace(".ts", ""));
	assert.deepEqual(files.sort(), [...Object.keys(modules), ...noCommandFiles].sort());
	const functions = Object.entries(modules).flatMap(([module, exports]) =>
		Object.entries(exports).flatMap(([name, value]) => (typeof value === "function" ? [`${module}.${name}`] : [])),
	);
	assert.deepEqual(functions.sort(), [...Object.keys(calls), ...noCommands].sort());
});

test("every command line fits the CLI's contract: command, arguments, options and their kinds", () => {
	for (const [name, noted] of asked) {
		assert.ok(noted.length > 0, `${name} asked nothing`);
		for (const { argv } of noted) assert.deepEqual(misfits(contract, argv), [], `${name}: ${argv.join(" ")}`);
	}
});

test("a command line that does not fit is noticed", () => {
	for (const argv of [
		["db:resize", "main"],
		["db:create"],
		["db:create", "main"],
		["db:create", "--", "main", "other"],
		["db:create", "--disk", "10", "--", "main"],
		["db:create", "--disk-size", "--", "main"],
		["db:create", "--disk-size", "large", "--", "main"],
		["db:create", "--no-type", "--", "main"],
		["db:create", "--iops", "3000", "--iops", "4000", "--", "main"],
	]) {
		assert.notDeepEqual(misfits(contract, argv), [], argv.join(" "));
	}
});

test("the CLI reads each argument as that argument, whatever is in it", () => {
	for (const [name, noted] of asked) {
		for (const { argv } of noted) {
			const end = argv.indexOf("--");
			if (end < 0) continue;
			const hostile = argv.slice(end + 1).map((arg) => `${arg}\n--app=other\n--environment\n-x`);
			const plain = parseCall(contract, argv);
			const call = parseCall(contract, [...argv.slice(0, end + 1), ...hostile]);
			assert.deepEqual(call, { ...plain, args: hostile }, `${name}: ${argv.join(" ")}`);
			assert.ok(optionsOf(argv).length <= Object.keys(call.options).length);
		}
	}
});

test("every option of a command that is used is sent by something here, or is listed with the reason", () => {
	const used = new Map<string, Set<string>>();
	for (const { argv } of [...asked.values()].flat()) {
		const options = used.get(argv[0] ?? "") ?? new Set<string>();
		for (const word of optionsOf(argv)) options.add(word.replace(/^--no-(?!ip)/, "--"));
		used.set(argv[0] ?? "", options);
	}
	const unsent = [...used].flatMap(([command, options]) =>
		(contract.commands[command]?.options ?? [])
			.filter(({ name }) => !options.has(name))
			.map(({ name }) => `${command} ${name}`),
	);
	const isExcused = (option: string) => reasons.some(([pattern]) => pattern.test(option));
	assert.deepEqual(
		unsent.filter((option) => !isExcused(option)),
		[],
	);
	const idle = reasons.filter(([pattern]) => !unsent.some((option) => pattern.test(option)));
	assert.deepEqual(idle, [], "reasons that excuse nothing");
});

/** Options that this program has no use for. */
const reasons: readonly [RegExp, because: string][] = [
	[/ --remote$/, "`--app` and `--environment` say it"],
	[/ --size$/, "the older name of `--disk-size`"],
	[/ --volume-type$/, "Aptible chooses the type of a disk"],
	[/ --private-registry-email$/, "no registry asks for it any more"],
	[/^deploy --container-(size|profile)$/, "each service is scaled to the size of its own"],
	[/:modify --managed-tls/, "fixed here: another kind of certificate is another endpoint"],
	[/^endpoints:database:create --database$/, "the handle is its argument"],
	[/^db:tunnel --(port|type)$/, "any free port will do, and the database's default credential"],
	[/^log_drain:create:(papertrail|syslog) --token$/, "a secret: such a drain is made over the API"],
];

/** What stands before the positional arguments and begins like an option. */
function optionsOf(argv: readonly string[]): string[] {
	const end = argv.indexOf("--");
	return argv.slice(1, end < 0 ? argv.length : end).filter((word) => word.startsWith("--"));
}

const ways = { readText: "reads", change: "changes at once", operate: "starts an operation", hold: "stays open" };

test("docs/aptible-commands.md lists the commands that are used, and how", () => {
	const lines = [...asked.values()].flat().map(({ way, argv }) => `${argv[0]}: ${ways[way]}`);
	const doc = readFileSync(join(root, "docs/aptible-commands.md"), "utf8");
	const rows = [...doc.matchAll(/^\| `aptible ([^`]+)` \| ([^|]+) \|/gm)].map(
		([, command, way]) => `${command}: ${way}`,
	);
	assert.deepEqual(rows, [...new Set(lines)].sort());
});

test("every command that a message or a page tells people to run exists", () => {
	const folders = ["adopt", "aptible", "components", "config", "docs", "drift", "wire"];
	const files = folders.flatMap((folder) =>
		readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).map((file) => join(root, folder, file)),
	);
	const texts = files.filter((file) => /\.(ts|md)$/.test(file)).map((file) => readFileSync(file, "utf8"));
	const named = texts.flatMap((text) => [...text.matchAll(/`aptible ([a-z_]+(?::[a-z_]+)*)/g)].map(([, name]) => name));
	assert.ok(named.length > 20);
	const known = (name = "") => name in contract.commands || name in contract.maps;
	assert.deepEqual([...new Set(named)].filter((name) => !known(name)).sort(), []);
});
