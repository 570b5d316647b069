import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { prepareSandbox, type Sandbox } from "../../environment.ts";
import type { Result } from "../../run.ts";
import { type SecretsProvider, startVault } from "../../vault.ts";

const ROOT = path.join(import.meta.dirname, "../../../..");

// The SDK without what this repository's program spares itself of it too: it takes half of a run.
const PROJECT = `name: tiny
main: index.ts
runtime: { name: nodejs, options: { typescript: false, nodeargs: "--import ${path.join(ROOT, "config/spare-sdk.js")}" } }
`;

/** A program of a few lines in a folder of its own, with a sandbox of its own. */
export class TinyProgram {
	readonly dir: string;
	readonly sandbox: Sandbox;

	readonly #vault: SecretsProvider;

	private constructor(dir: string, sandbox: Sandbox, vault: SecretsProvider) {
		this.dir = dir;
		this.sandbox = sandbox;
		this.#vault = vault;
	}

	/** Makes one, with the plugins as processes of the engine, or attached (`SandboxOptions.attach`). */
	static async create({ attach = false } = {}): Promise<TinyProgram> {
		const dir = await mkdtemp(path.join(tmpdir(), "tiny-program-"));
		const sandbox = await prepareSandbox({
			root: ROOT,
			dir: path.join(dir, ".sandbox"),
			quiet: true,
			...(attach ? { attach: { keeps: [] } } : {}),
		});
		const vault = await startVault(randomBytes(32));
		Object.assign(sandbox.env, vault.env);
		const program = new TinyProgram(path.join(dir, "program"), sandbox, vault);
		await mkdir(program.dir);
		await symlink(path.join(ROOT, "node_modules"), path.join(program.dir, "node_modules"));
		await writeFile(path.join(program.dir, "Pulumi.yaml"), PROJECT);
		await writeFile(path.join(program.dir, "package.json"), '{ "type": "module", "main": "index.ts" }');
		await program.pulumi("stack", "init", "test", "--secrets-provider", vault.url);
		return program;
	}

	/** Sets what the program is, below its imports. */
	async write(body: string): Promise<void> {
		const imports = 'import { local } from "@pulumi/command";\nimport * as pulumi from "@pulumi/pulumi";\n';
		await writeFile(path.join(this.dir, "index.ts"), imports + body);
	}

	pulumi(...args: string[]): Promise<Result> {
		return this.sandbox.pulumi(args, { cwd: this.dir });
	}

	preview(...args: string[]): Promise<Result> {
		return this.pulumi("preview", "--diff", ...args);
	}

	up(...args: string[]): Promise<Result> {
		return this.pulumi("up", "--yes", "--skip-preview", ...args);
	}

	async outputs(): Promise<Record<string, unknown>> {
		return JSON.parse((await this.pulumi("stack", "output", "--json")).stdout);
	}

	async remove(): Promise<void> {
		this.#vault.close();
		await this.sandbox.close();
		await rm(path.dirname(this.dir), { recursive: true, force: true });
	}
}
