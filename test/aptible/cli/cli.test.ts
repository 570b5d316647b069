import assert from "node:assert/strict";
import { test } from "node:test";
import { loadContract } from "@medstack-to-aptible/sandbox/aptible/contract.ts";
import { parseCall } from "@medstack-to-aptible/sandbox/aptible/thor.ts";
import { cliOptions, refuseUnsendable, writeCommandLine } from "../../../aptible/cli/command-line.ts";

const values = [
	"-abc",
	"-a",
	"-a=b",
	"-a5",
	"--app",
	"--app=other",
	"--no-such-thing",
	"first\n--app=other",
	"-5",
	"- x",
	"-----BEGIN",
	"--",
];

test("a value that the CLI would read as an option is refused, and only such a one", () => {
	const contract = loadContract();
	const call = (value: string) =>
		parseCall(contract, ["deploy", "--app", "portal", "--private-registry-password", value]);
	for (const value of values) {
		const options = call(value).options;
		const isTaken = options.private_registry_password === value && options.app === "portal";
		let refused: unknown;
		try {
			assert.deepEqual(cliOptions({ privateRegistryPassword: value }), ["--private-registry-password", value]);
		} catch (error) {
			refused = error;
		}
		assert.equal(refused === undefined, isTaken, JSON.stringify(value));
		if (refused !== undefined) {
			assert.match(
				String(refused),
				/^AptibleError: the value for the aptible CLI's option --private-registry-password has a line/,
			);
			assert.ok(!String(refused).includes("=other"), "a value may be a secret");
		}
	}
	assert.ok(values.some((value) => call(value).options.private_registry_password === value));
});

test("what no process can be given is refused before one is started, by its key or option and without its value", () => {
	const long = `sentinel${"x".repeat(128 * 1024)}`;
	const deploy = (options: object, ...args: string[]) =>
		refuseUnsendable(writeCommandLine("deploy", { ...options, app: "portal" }, ...args));
	for (const [argv, says] of [
		[
			() => deploy({}, "A=1", `LONG=${long}`),
			/^AptibleError: config key "LONG" \(`aptible deploy`\) is 131085 bytes long.* 131071 at most/,
		],
		[() => deploy({}, "A=sentinel\0"), /^AptibleError: config key "A" \(`aptible deploy`\) has a NUL character/],
		[() => deploy({ privateRegistryPassword: long }), /^AptibleError: the value of --private-registry-password/],
		[
			() => refuseUnsendable(writeCommandLine("db:backup", {}, long)),
			/^AptibleError: an argument of `aptible db:backup`/,
		],
	] as const) {
		assert.throws(argv, (error: Error) => says.test(String(error)) && !String(error).includes("sentinel"));
	}
	deploy({}, `LONG=${"x".repeat(128 * 1024 - 6)}`);
});
