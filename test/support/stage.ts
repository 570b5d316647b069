import assert from "node:assert/strict";
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { text as readText } from "node:stream/consumers";
import type { TestContext } from "node:test";
import type { JournalRow } from "@medstack-to-aptible/sandbox/aptible/journal.ts";
import { cachedFolder } from "@medstack-to-aptible/sandbox/cached-folder.ts";
import { cacheFolder } from "@medstack-to-aptible/sandbox/engine/cache.ts";
import { prepareSandbox, type Sandbox } from "@medstack-to-aptible/sandbox/environment.ts";
import type { Result } from "@medstack-to-aptible/sandbox/run.ts";
import { deriveKey, type SecretsProvider, startVault } from "@medstack-to-aptible/sandbox/vault.ts";
import { parse, stringify } from "yaml";
import { EmulatedAptible, fakeSshKey } from "./emulated-aptible.ts";

const root = join(import.meta.dirname, "../..");
const namespace = "medstack-to-aptible:";
const driftVariable = "MEDSTACK_TO_APTIBLE_DRIFT";

/** What stays loaded from one run of the program, or of a Command, to the next: it holds no state (test/program/kept-folders.test.ts). */
export const keptFolders = ["aptible", "config", "cost", "wire"];

/** The line of a stage file by which Pulumi makes a key of a passphrase. */
const SALT = /^encryptionsalt: (.*)\n/m;
/** Salt of the staging stage's, for stage files without one. */
const STAGING_SALT = "v1:HE0H9zulKPE=:v1:pkibbSRqF6lULtq0:5Px4suyegZ47l3bHqclJsjtpt10WsA==";

/** The blocks of a stage file, as loosely as a person may write them. */
// biome-ignore lint/suspicious/noExplicitAny: tests write files that are wrong on purpose
export type Blocks = Record<string, any>;

/** One stage in a sandbox of its own, under the real engine. */
export class StageUnderTest {
	readonly name: string;
	readonly sandbox: Sandbox;
	readonly aptible: EmulatedAptible;
	readonly #file: string;
	readonly #vault: SecretsProvider;

	constructor(name: string, sandbox: Sandbox, { file, vault }: { file: string; vault: SecretsProvider }) {
		this.name = name;
		this.sandbox = sandbox;
		this.aptible = new EmulatedAptible(sandbox.env);
		this.#file = file;
		this.#vault = vault;
	}

	/** Replaces the stage file. Its secrets are those of the passphrase, and the vault has their key. */
	async write(text: string): Promise<void> {
		const { url, encryptedKey } = this.#vault;
		const provider = `secretsprovider: ${url}\nencryptedkey: ${encryptedKey}\n`;
		await writeFile(this.#file, `${provider}${text.replace(SALT, "")}`);
	}

	/** Makes its state as `pulumi stack init` does, but for the engine's version, and without the half second of CPU that it takes. */
	async init(): Promise<void> {
		const state = join(this.sandbox.dir, "state/.pulumi");
		const folder = join(state, "stacks/medstack-to-aptible");
		await mkdir(folder, { recursive: true });
		await writeFile(join(state, "meta.yaml"), "version: 1\n");
		const manifest = { time: new Date().toISOString(), magic: "", version: "" };
		const { url, encryptedKey: encryptedkey } = this.#vault;
		const latest = { manifest, secrets_providers: { type: "cloud", state: { url, encryptedkey } }, metadata: {} };
		const checkpoint = { stack: `organization/medstack-to-aptible/${this.name}`, latest };
		await writeFile(join(folder, `${this.name}.json`), JSON.stringify({ version: 3, checkpoint }));
	}

	/** Sets an encrypted secret of the stage. */
	async setSecret(name: string, value: string): Promise<void> {
		const path = ["config", "set", "--secret", "--path", `${namespace}secrets.${name}`, value];
		await succeed(this.sandbox.pulumi([...path, ...this.#stack()]));
	}

	/** Changes the stage file. */
	async edit(change: (blocks: Blocks) => void): Promise<void> {
		const file = parse(await readFile(this.#file, "utf8")) as { config: Record<string, unknown> };
		const names = Object.keys(file.config);
		const blocks = Object.fromEntries(names.map((name) => [name.replace(namespace, ""), file.config[name]]));
		change(blocks);
		file.config = Object.fromEntries(Object.entries(blocks).map(([name, block]) => [`${namespace}${name}`, block]));
		await writeFile(this.#file, stringify(file));
	}

	/** Changes the stage file for as long as something takes. */
	async withChange(change: (blocks: Blocks) => void, use: () => Promise<void>): Promise<void> {
		let before: Blocks = {};
		await this.edit((blocks) => {
			before = structuredClone(blocks);
			change(blocks);
		});
		await use().finally(() =>
			this.edit((blocks) => {
				for (const name of Object.keys(blocks)) delete blocks[name];
				Object.assign(blocks, before);
			}),
		);
	}

	/** Options that name the stage, for whatever runs pulumi on it. */
	get options(): string[] {
		return this.#stack();
	}

	/** Runs a pulumi command on the stage. */
	pulumi(command: string, ...args: string[]): Promise<Result> {
		return this.sandbox.pulumi([command, ...args, ...this.#stack()]);
	}

	/** `pulumi up` without asking. */
	up(...args: string[]): Promise<Result> {
		return this.pulumi("up", "--yes", "--skip-preview", "--non-interactive", ...args);
	}

	preview(...args: string[]): Promise<Result> {
		return this.pulumi("preview", "--non-interactive", ...args);
	}

	/** From here on, previews and updates look for drift, as they do outside of tests. */
	watchDrift(): void {
		delete this.sandbox.env[driftVariable];
	}

	/** A preview with variables on top of the sandbox's own. */
	previewWith(env: Record<string, string>, ...args: string[]): Promise<Result> {
		return this.sandbox.pulumi(["preview", "--non-interactive", ...args, ...this.#stack()], { env });
	}

	destroy(...args: string[]): Promise<Result> {
		return this.pulumi("destroy", "--yes", "--skip-preview", "--non-interactive", ...args);
	}

	/** See `EmulatedAptible.cli`. */
	cli(...argv: string[]): Promise<unknown> {
		return this.aptible.cli(...argv);
	}

	/** See `EmulatedAptible.newJournal`. */
	newJournal(): JournalRow[] {
		return this.aptible.newJournal();
	}

	/** See `EmulatedAptible.newMutations`. */
	newMutations(): string[] {
		return this.aptible.newMutations();
	}

	/** See `EmulatedAptible.newWrites`. */
	newWrites(): string[] {
		return this.aptible.newWrites();
	}

	/** The stack's outputs as JSON text, as anybody may print them. */
	outputs(): Promise<string> {
		return succeed(this.sandbox.pulumi(["stack", "output", "--json", "--stack", this.name]));
	}

	/** Whole state file of the stack, as it lies on disk. */
	async state(): Promise<string> {
		const folder = join(this.sandbox.dir, "state/.pulumi/stacks/medstack-to-aptible");
		return readFile(join(folder, `${this.name}.json`), "utf8");
	}

	/** `killWhen`, at the planted `halt-...` fault. */
	killWhenHalted(command: "up" | "destroy"): Promise<boolean> {
		return this.killWhen(command, () => this.aptible.isHalted());
	}

	/**
	 * Runs `pulumi up` or `destroy` until a moment, then kills every process of it at once and takes away the lock that it leaves.
	 *
	 * @returns false when it ended before, in success
	 */
	async killWhen(command: "up" | "destroy", isTime: () => boolean): Promise<boolean> {
		const child = this.#start(command);
		const printed = Promise.all([readText(child.stdout), readText(child.stderr)]);
		const killed = await this.aptible.killWhen(child, isTime);
		if (!killed) assert.equal(child.exitCode, 0, (await printed).join(""));
		await this.unlock();
		return killed;
	}

	/**
	 * Runs `pulumi up` or `destroy` until a command of the CLI has started, then kills the engine alone; see `EmulatedAptible.orphan`.
	 */
	async orphan(command: "up" | "destroy", cliCommand: string): Promise<() => Promise<void>> {
		const child = this.#start(command);
		for (const stream of [child.stdout, child.stderr]) stream.resume();
		const orphanEnds = await this.aptible.orphan(child, cliCommand);
		assert.ok(orphanEnds, `${command} ended without ${cliCommand}`);
		await this.unlock();
		return orphanEnds;
	}

	#start(command: "up" | "destroy"): ChildProcessByStdio<null, Readable, Readable> {
		const args = [command, "--yes", "--skip-preview", "--non-interactive", ...this.#stack()];
		return spawn("pulumi", args, { cwd: root, env: this.sandbox.env, stdio: ["ignore", "pipe", "pipe"] });
	}

	/** Takes the lock of a killed update away, as `pulumi cancel` does, in a tenth of its time. */
	async unlock(): Promise<void> {
		await rm(join(this.sandbox.dir, "state/.pulumi/locks"), { recursive: true, force: true });
	}

	#stack(): string[] {
		return ["--stack", this.name, "--config-file", this.#file];
	}
}

/** What a command printed; it must have succeeded. */
export async function succeed(run: Promise<Result>): Promise<string> {
	const { code, stdout, stderr } = await run;
	assert.equal(code, 0, stdout + stderr);
	return stdout + stderr;
}

/** What a command printed; it must have failed. */
export async function fail(run: Promise<Result>): Promise<string> {
	const { code, stdout, stderr } = await run;
	assert.notEqual(code, 0, stdout + stderr);
	return stdout + stderr;
}

/** Takes the Azure part out of a stage: it doubles the time of a run, and has its own tests in test/azure. */
function withoutAzure(blocks: Blocks): void {
	delete blocks.storage;
	for (const key of Object.keys(blocks.apps.portal.config)) {
		if (key.startsWith("AZURE_")) delete blocks.apps.portal.config[key];
	}
}

/** The Aptible side of a stage of this repo's own files, in a sandbox that goes when the test ends. */
export function openStage(
	t: Pick<TestContext, "after">,
	name: "staging" | "prod",
	change: (blocks: Blocks) => void = () => {},
): Promise<StageUnderTest> {
	return openWholeStage(t, name, (blocks) => {
		withoutAzure(blocks);
		change(blocks);
	});
}

/** Leaves one app, one database and one drain of the staging stage: each object costs every run its time. */
export function oneOfEach({ apps, databases }: Blocks): void {
	delete apps.reports;
	delete databases.cache;
	delete apps.portal.config.REDIS_URL;
}

/** A stage of this repo's own files, with its Azure part, in a sandbox that goes when the test ends. */
export async function openWholeStage(
	t: Pick<TestContext, "after">,
	name: "staging" | "prod",
	change: (blocks: Blocks) => void = () => {},
): Promise<StageUnderTest> {
	const stage = await openStageFile(t, name, await readFile(join(root, `Pulumi.${name}.yaml`), "utf8"));
	await stage.edit(change);
	return stage;
}

/** The key of the sandbox's passphrase, which everybody knows, from the cache: to derive it takes 0.15 s of CPU, for each stage. */
async function keyOf(passphrase: string, salt: string): Promise<Buffer> {
	const name = createHash("sha256").update(`${passphrase} ${salt}`).digest("hex").slice(0, 16);
	const folder = join(cacheFolder(), "stage-keys", name);
	await cachedFolder(folder, async (partial) => writeFile(join(partial, "key"), await deriveKey(passphrase, salt)));
	return readFile(join(folder, "key"));
}

/** A stage with this text as its file, in a sandbox that goes when the test ends. */
export async function openStageFile(
	t: Pick<TestContext, "after">,
	name: string,
	text: string,
): Promise<StageUnderTest> {
	const dir = await mkdtemp(join(tmpdir(), "medstack-to-aptible-"));
	const sandbox = await prepareSandbox({ root, dir, quiet: true, attach: { keeps: keptFolders } });
	// Most tests count what Aptible is asked; see `watchDrift`.
	sandbox.env[driftVariable] = "off";
	await fakeSshKey(sandbox.env);
	// A file where the engine's own log is to be: each run would compress and encrypt what nobody reads, in a sixth of the engine's time.
	await writeFile(join(sandbox.env.PULUMI_HOME ?? "", "logs"), "");
	const key = await keyOf(sandbox.env.PULUMI_CONFIG_PASSPHRASE ?? "", SALT.exec(text)?.[1] ?? STAGING_SALT);
	const vault = await startVault(key);
	Object.assign(sandbox.env, vault.env);
	t.after(async () => {
		vault.close();
		await sandbox.close();
		await rm(dir, { recursive: true, force: true });
	});
	const stage = new StageUnderTest(name, sandbox, { file: join(dir, `Pulumi.${name}.yaml`), vault });
	await stage.write(text);
	await stage.init();
	return stage;
}
