import assert from "node:assert/strict";
import { test } from "node:test";
import { cliOptions } from "../../../aptible/cli/cli.ts";
import { loadContract } from "../../../sandbox/aptible/contract.ts";
import { parseCall } from "../../../sandbox/aptible/thor.ts";

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
