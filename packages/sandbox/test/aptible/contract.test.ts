import assert from "node:assert/strict";
import { test } from "node:test";
import { type ContractOption, loadContract } from "../../aptible/contract.ts";
import { parseCall, rubyName } from "../../aptible/thor.ts";
import { Bench } from "./support.ts";

const contract = loadContract();

const SAMPLES = { string: ["word"], numeric: ["7"], boolean: [], array: ["a", "b"] };
const PARSED = { string: "word", numeric: 7, boolean: true, array: ["a", "b"] };

function argumentsOf(command: string): string[] {
	const args = contract.commands[command]?.args ?? [];
	return args.filter(({ kind }) => kind === "required").map(({ name }) => `some-${name}`);
}

function words(option: ContractOption): string[] {
	return [option.name, ...SAMPLES[option.type]];
}

test("every command takes each of its options", () => {
	for (const [name, { options }] of Object.entries(contract.commands)) {
		const required = options.filter((option) => option.required).flatMap(words);
		for (const option of options) {
			const call = parseCall(contract, [name, ...argumentsOf(name), ...required, ...words(option)]);
			assert.deepEqual(call.options[rubyName(option)], PARSED[option.type], `${name} ${option.name}`);
			assert.deepEqual(call.args, argumentsOf(name), name);
		}
	}
});

test("every command that takes a fixed number of arguments refuses an option it does not know", () => {
	for (const [name, { args, options, usage }] of Object.entries(contract.commands)) {
		if (args.some(({ kind }) => kind === "variadic")) continue;
		const required = options.filter((option) => option.required).flatMap(words);
		const argv = [name, ...argumentsOf(name), ...required, "--nope", "1"];
		assert.throws(() => parseCall(contract, argv), {
			message: `ERROR: "aptible ${name}" was called with arguments [${[...argumentsOf(name), "--nope", "1"]
				.map((word) => `"${word}"`)
				.join(", ")}]\nUsage: "aptible ${usage}"`,
		});
	}
});

test("a command that takes any number of variables refuses an unknown option as a variable", async () => {
	using bench = new Bench("acme-staging");
	await bench.ok("apps:create", "portal");
	for (const command of ["config:set", "config:add", "config:unset", "config:rm"]) {
		const { exit, stderr, writes } = await bench.run([command, "--app", "portal", "--nope", "A=1"]);
		assert.deepEqual([exit, stderr, writes.length], [1, "Invalid argument: --nope\n", 0], command);
	}
	const { stderr } = await bench.run(["deploy", "--app", "portal", "--docker-image", "acme/portal:1", "--nope"]);
	assert.equal(stderr, "Invalid argument: --nope\n");
});

test("every command is emulated or says that it is not", async () => {
	using bench = new Bench("acme-staging");
	const absent = /^(ssh|db:dump|db:execute|logs|logs_from_archive|inspect|aws_accounts.*|login)$/;
	for (const [name, { options }] of Object.entries(contract.commands)) {
		const required = options.filter((option) => option.required).flatMap(words);
		const { stderr } = await bench.run([name, ...argumentsOf(name), ...required]);
		const refused = stderr === `the sandbox does not emulate "aptible ${name}"\n`;
		assert.equal(refused, absent.test(name), `${name}: ${stderr}`);
	}
});

const parsed = (...argv: string[]) => parseCall(contract, argv);

test("options are read as Thor reads them", () => {
	assert.equal(parsed("apps", "--env", "x").options.environment, "x");
	assert.equal(parsed("apps", "--env=x").options.environment, "x");
	assert.equal(parsed("services", "-r", "origin").options.remote, "origin");
	assert.equal(parsed("deploy", "--docker-image").options.docker_image, "docker_image");
	assert.equal(parsed("deploy", "--no-git-detach").options.git_detach, false);
	assert.equal(parsed("deploy", "--git-detach", "false").options.git_detach, false);
	assert.deepEqual(parsed("config:set", "A=1", "--", "--B=2").args, ["A=1", "--B=2"]);
	assert.deepEqual(
		parsed("endpoints:https:create", "web", "--ip-whitelist", "a", "b", "--internal").options.ip_whitelist,
		["a", "b"],
	);
	assert.equal(parsed("endpoints:https:modify", "h", "--no-ip-whitelist").options["no-ip_whitelist"], true);
	assert.equal(parsed("db:create", "x", "--disk_size", "20").options.disk_size, 20);
	assert.throws(
		() => parsed("db:create", "x", "--disk-size", "big"),
		/Expected numeric value for '--disk-size'; got "big"/,
	);
	assert.throws(() => parsed("db:create", "x", "--disk-size"), /No value provided for option '--disk-size'/);
});

test("an abbreviation stands for the one command it can mean", () => {
	assert.equal(parsed("environment:l").name, "environment:list");
	assert.equal(parsed("services:sizing_policy", "web").name, "services:autoscaling_policy");
	assert.throws(() => parsed("endpoints:https"), /^UserError: Ambiguous command endpoints:https matches \[/);
});
