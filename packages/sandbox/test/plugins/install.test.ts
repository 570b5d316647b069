import assert from "node:assert/strict";
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import process from "node:process";
import { afterEach, beforeEach, describe, it } from "node:test";
import { installPlugins } from "../../plugins/install.ts";

const RELEASED = "released";
const { HOME, PULUMI_HOME, MEDSTACK_TO_APTIBLE_CACHE } = process.env;

let dir: string;
let lines: string[];

beforeEach(async () => {
	dir = await mkdtemp(path.join(tmpdir(), "install-plugins-"));
	lines = [];
	Object.assign(process.env, {
		HOME: path.join(dir, "person"),
		PULUMI_HOME: path.join(dir, "own-home"),
		MEDSTACK_TO_APTIBLE_CACHE: path.join(dir, "cache"),
	});
});
afterEach(async () => {
	for (const [name, value] of Object.entries({ HOME, PULUMI_HOME, MEDSTACK_TO_APTIBLE_CACHE })) {
		if (value === undefined) delete process.env[name];
		else process.env[name] = value;
	}
	await rm(dir, { recursive: true, force: true });
});

describe("installPlugins", () => {
	const command = "plugins/resource-command-v1.2.1/pulumi-resource-command";
	for (const place of ["sandbox", "own-home", "person/.pulumi", "cache/pulumi-home"]) {
		it(`uses a released command provider that is in ${place}, and leaves it as it is`, async () => {
			await plugin(path.join(place, command));
			assert.deepEqual(await install(), ["nodejs", "azure-native"]);
			for (const folder of [place, "sandbox"]) assert.equal(await read(path.join(folder, command)), RELEASED);
			const folder = path.join(dir, place, path.dirname(command));
			assert.ok(lines.includes(`plugin: command v1.2.1, released, from ${folder}`), lines.join("\n"));
		});
	}

	it("uses the language host beside the engine, or one that is among the plugins", async () => {
		await plugin("engine/pulumi-language-nodejs");
		assert.deepEqual(await install(), ["command", "azure-native"]);
		await rm(path.join(dir, "engine"), { recursive: true });
		await plugin("person/.pulumi/plugins/language-nodejs-v3.259.0/pulumi-language-nodejs");
		assert.deepEqual(await install(), ["command", "azure-native"]);
	});

	it("puts its own in where there is none, or half of one, and again when a released one has gone", async () => {
		await plugin(path.join("own-home", command));
		await writeFile(path.join(dir, "own-home", `${path.dirname(command)}.partial`), "");
		assert.deepEqual(await install(), ["nodejs", "command", "azure-native"]);
		await rm(path.join(dir, "own-home"), { recursive: true });
		await plugin(path.join("person/.pulumi", command));
		assert.deepEqual(await install(), ["nodejs", "azure-native"]);
		await rm(path.join(dir, "person"), { recursive: true });
		assert.deepEqual(await install(), ["nodejs", "command", "azure-native"]);
		assert.match(await read(path.join("sandbox", command)), /command-provider\.ts/);
	});

	it("neither uses nor overwrites a released azure-native", async () => {
		const azure = "plugins/resource-azure-native-v3.28.0/pulumi-resource-azure-native";
		await plugin(path.join("person/.pulumi", azure));
		assert.ok((await install()).includes("azure-native"));
		assert.equal(await read(path.join("person/.pulumi", azure)), RELEASED);
		await rm(path.join(dir, "sandbox"), { recursive: true });
		await plugin(path.join("sandbox", azure));
		await assert.rejects(install(), /resource-azure-native-v3\.28\.0 has a released plugin, .*; move it away/);
		assert.equal(await read(path.join("sandbox", azure)), RELEASED);
	});
});

function install(): Promise<string[]> {
	const engine = { binary: path.join(dir, "engine/pulumi"), version: "3.259.0", released: false };
	return installPlugins({ engine, home: path.join(dir, "sandbox"), report: (line) => lines.push(line) });
}

async function plugin(name: string): Promise<void> {
	const file = path.join(dir, name);
	await mkdir(path.dirname(file), { recursive: true });
	await writeFile(file, RELEASED);
	await chmod(file, 0o755);
}

function read(name: string): Promise<string> {
	return readFile(path.join(dir, name), "utf8");
}
