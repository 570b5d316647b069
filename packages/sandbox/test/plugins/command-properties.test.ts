import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import { after, before, describe, it } from "node:test";
import { RunningProvider, secret, UNKNOWN, type Wire } from "./running-provider.ts";

let provider: RunningProvider;
before(async () => {
	provider = await RunningProvider.start(tmpdir());
});
after(() => provider.stop());

describe("the command provider's check of inputs (facts/pulumi.md §1.1, §1.4)", () => {
	const refusals: [string, Wire, string[]][] = [
		["an unknown property", { creat: "x" }, ["creat: Unrecognized field 'creat' on 'local.CommandInputs'"]],
		[
			"a number for a string",
			{ create: 1 },
			["create: Field 'create' on 'local.CommandInputs' must be a 'string'; got 'float64' instead"],
		],
		[
			"a string for a boolean",
			{ addPreviousOutputInEnv: "no" },
			[
				"addPreviousOutputInEnv: Field 'addPreviousOutputInEnv' on 'local.CommandInputs' must be a 'bool'; got 'string' instead",
			],
		],
		[
			"a string for a list",
			{ interpreter: "node" },
			["interpreter: Field 'interpreter' on 'local.CommandInputs' must be a '[]string'; got 'string' instead"],
		],
		[
			"a number within a map, also a secret one",
			{ environment: { A: secret(1) } },
			[
				"environment[A] value: Field 'environment[A] value' on 'local.CommandInputs' must be a 'string'; got 'float64' instead",
			],
		],
		[
			"an object for a string",
			{ stdin: { a: 1 } },
			[
				"stdin: An error occurred decoding 'CommandInputs.stdin': " +
					"Cannot decode Object{} to type string; it isn't a struct, and no custom decoder exists",
			],
		],
	];
	for (const [what, inputs, failures] of refusals) {
		it(`refuses ${what}`, async () => {
			const checked = await provider.check(inputs);
			assert.deepEqual(checked.failures, failures);
			assert.deepEqual(checked.inputs, inputs);
		});
	}

	it("keeps secrets key by key, and what is not known yet", async () => {
		const inputs = {
			create: UNKNOWN,
			environment: { A: secret("a"), B: "b", C: UNKNOWN },
			triggers: [secret(1), null],
		};
		assert.deepEqual(await provider.check(inputs), { inputs, failures: [] });
	});

	it("drops nulls and takes any logging", async () => {
		const { inputs, failures } = await provider.check({ create: "x", update: null, logging: "loud" });
		assert.deepEqual({ inputs, failures }, { inputs: { create: "x", logging: "loud" }, failures: [] });
	});

	it("reads an output's wire form as the secret or unknown that it is", async () => {
		const output = (fields: Wire) => ({
			"4dabf18193072939515e22adb298388d": "d0e6a833031e9bbcd3f4e8bde6ca49a4",
			...fields,
		});
		const { inputs } = await provider.check({
			create: output({ value: "x" }),
			delete: output({ value: "y", secret: true }),
			stdin: output({}),
		});
		assert.deepEqual(inputs, { create: "x", delete: secret("y"), stdin: UNKNOWN });
	});
});

describe("the command provider's diff (facts/pulumi.md §1.2)", () => {
	const old = {
		create: "c",
		delete: "d",
		environment: { A: "1", B: secret("2"), "with-dash": "3" },
		interpreter: ["node", "x"],
		triggers: [1, 2],
	};
	const cases: [string, Wire, Record<string, string>][] = [
		["nothing", { ...old }, {}],
		["the order of keys", { ...old, environment: { B: secret("2"), "with-dash": "3", A: "1" } }, {}],
		["the text of delete alone", { ...old, delete: "e" }, { delete: "update" }],
		["a new property", { ...old, stdin: "s", logging: "none" }, { stdin: "add", logging: "add" }],
		["a property that is gone", { ...old, delete: null }, { delete: "delete" }],
		["one key of a map", { ...old, environment: { ...old.environment, A: "9" } }, { "environment.A": "update" }],
		["a key that is new", { ...old, environment: { ...old.environment, N: "9" } }, { "environment.N": "add" }],
		[
			"keys that are gone",
			{ ...old, environment: { A: "1" } },
			{ "environment.B": "delete", 'environment["with-dash"]': "delete" },
		],
		[
			"a secret's value",
			{ ...old, environment: { ...old.environment, B: secret("9") } },
			{ "environment.B": "update" },
		],
		["plain to secret", { ...old, create: secret("c") }, { create: "update" }],
		["secret to plain", { ...old, environment: { ...old.environment, B: "2" } }, { "environment.B": "update" }],
		["a value not known yet", { ...old, create: UNKNOWN }, { create: "update" }],
		["an item of a list", { ...old, interpreter: ["node", "y"] }, { "interpreter[1]": "update" }],
		["a longer list", { ...old, interpreter: ["node", "x", "y"] }, { "interpreter[2]": "add" }],
		["a shorter list", { ...old, interpreter: ["node"] }, { "interpreter[1]": "delete" }],
		["a trigger, which the SDK turns into a replacement", { ...old, triggers: [1, 3] }, { "triggers[1]": "update" }],
		["the list of triggers being gone", { ...old, triggers: null }, { triggers: "delete_replace" }],
		["the engine's own keys", { ...old, version: "1", __internal: "x" }, {}],
	];
	for (const [what, news, paths] of cases) {
		it(`sees ${what}`, async () => {
			const replaced = Object.values(paths).some((kind) => kind.endsWith("replace"));
			const expected = { changed: Object.keys(paths).length > 0, paths, replaces: replaced ? ["triggers"] : [] };
			assert.deepEqual(await provider.diff(old, news), expected);
		});
	}

	it("replaces when triggers are there for the first time", async () => {
		const { paths } = await provider.diff({ create: "c" }, { create: "c", triggers: [1] });
		assert.deepEqual(paths, { triggers: "add_replace" });
	});

	it("leaves out a property that is ignored, by its top-level name", async () => {
		assert.equal((await provider.diff(old, { ...old, create: "x" }, ["create"])).changed, false);
		assert.equal(
			(
				await provider.update(
					{ ...old, stdout: "", stderr: "" },
					{ ...old, create: "exit 1" },
					{
						ignoreChanges: ["create", "interpreter"],
						preview: true,
					},
				)
			).create,
			"c",
		);
	});
});

describe("the command provider's secrets (facts/pulumi.md §1.4)", () => {
	const inputs = { create: "echo $A", environment: { A: secret("s"), B: "plain" }, stdin: secret("in") };

	it("gives them to the command, keeps them per key, and makes no output secret by itself", async () => {
		const { properties } = await provider.create(inputs);
		assert.deepEqual(properties, { ...inputs, stdout: "s", stderr: "" });
	});

	it("keeps them in previews and updates", async () => {
		const { properties } = await provider.create(inputs, { preview: true });
		assert.deepEqual(properties, { ...inputs, stdout: UNKNOWN, stderr: UNKNOWN });
		const updated = await provider.update({ ...inputs, stdout: secret("s"), stderr: "" }, inputs);
		assert.deepEqual(updated, { ...inputs, stdout: "s", stderr: "" });
	});
});
