import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import type { TestContext } from "node:test";
import { callCli } from "@medstack-to-aptible/sandbox/aptible/cli.ts";
import { startAptible } from "@medstack-to-aptible/sandbox/clouds.ts";
import { definedVariables } from "@medstack-to-aptible/sandbox/run.ts";
import type { Execute } from "../../aptible/client/execute.ts";
import { reconcile } from "../../aptible/reconcile.ts";
import { environmentKey } from "../../wire/template.ts";
import { EmulatedAptible, fakeSshKey } from "./emulated-aptible.ts";

const root = join(import.meta.dirname, "../..");

// biome-ignore lint/suspicious/noExplicitAny: each kind has facts of its own, and tests read them freely
type Facts = Record<string, any>;

/** How one reconciler ended. */
export interface Reconciled {
	/** What it printed on stdout; empty where it failed, and for removals. */
	facts: Facts;
	/** The same as text. */
	stdout: string;
	stderr: string;
	code: number;
}

/** What a Command of Pulumi hands over besides the spec. */
export interface Handover {
	/** Values of references: `{ "secrets.sessionKey": "..." }`. */
	secrets?: Readonly<Record<string, string>>;
	/** Facts of the last run. */
	previous?: Facts | undefined;
}

/** Reconcilers against an emulated Aptible of their own. */
export class ReconcilerUnderTest extends EmulatedAptible {
	/** Handle of the environment that is there from the start. */
	readonly environment = "acme-test";

	/** `KIND apply`, in this process; whatever its exit code. */
	apply(kind: string, spec: object, handover: Handover = {}): Promise<Reconciled> {
		return this.#run(kind, "apply", spec, handover);
	}

	/** `KIND remove`, in this process; whatever its exit code. */
	remove(kind: string, spec: object, handover: Handover = {}): Promise<Reconciled> {
		return this.#run(kind, "remove", spec, handover);
	}

	/** `apply` that has to succeed; gives its facts. */
	async applied(kind: string, spec: object, handover: Handover = {}): Promise<Facts> {
		return succeeded(await this.apply(kind, spec, handover)).facts;
	}

	/** `remove` that has to succeed. */
	async removed(kind: string, spec: object, handover: Handover = {}): Promise<void> {
		succeeded(await this.remove(kind, spec, handover));
	}

	/**
	 * Plants a halt after the `n`-th write from now, applies (or removes), and kills all of it with SIGKILL when the halt strikes.
	 *
	 * @returns false when it ended with fewer writes
	 */
	interrupted(
		n: number,
		kind: string,
		spec: object,
		{ verb = "apply", ...handover }: Handover & { verb?: "apply" | "remove" } = {},
	): Promise<boolean> {
		this.fault({ name: "halt-after-mutation", n });
		return this.killWhen(this.#start(kind, verb, spec, handover), () => this.isHalted());
	}

	/** Applies until the planted `halt-...` fault strikes, and kills all of it; false when it ended before. */
	applyUntilHalted(kind: string, spec: object, handover: Handover = {}): Promise<boolean> {
		return this.killWhen(this.#start(kind, "apply", spec, handover), () => this.isHalted());
	}

	/** Applies until it has started this command of the CLI, then dies alone; see `EmulatedAptible.orphan`. */
	applyUntilOrphaned(
		command: string,
		kind: string,
		spec: object,
		handover: Handover = {},
	): Promise<(() => Promise<void>) | undefined> {
		return this.orphan(this.#start(kind, "apply", spec, handover), command);
	}

	async #run(kind: string, verb: string, spec: object, { secrets = {}, previous }: Handover): Promise<Reconciled> {
		const handedOver = Object.entries(secrets).map(([reference, value]) => [environmentKey(reference), value]);
		const env = { ...this.env, ...Object.fromEntries(handedOver) };
		return inEnvironment(env, async () => {
			const texts = { stdout: "", stderr: "" };
			const code = await reconcile([kind, verb], JSON.stringify(spec), previous && JSON.stringify(previous), {
				access: { execute: executeInProcess, ...impatient },
				waits: quickWaits,
				stdout: (text) => {
					texts.stdout += text;
				},
				stderr: (text) => {
					texts.stderr += text;
				},
			});
			return { facts: texts.stdout === "" ? {} : JSON.parse(texts.stdout), ...texts, code };
		});
	}

	#start(kind: string, verb: string, spec: object, { secrets = {}, previous }: Handover): ChildProcess {
		const handedOver = Object.entries(secrets).map(([reference, value]) => [environmentKey(reference), value]);
		const child = spawn(process.execPath, ["aptible/main.ts", kind, verb], {
			cwd: root,
			env: {
				...this.env,
				...Object.fromEntries(handedOver),
				...(previous === undefined ? {} : { PULUMI_COMMAND_STDOUT: JSON.stringify(previous) }),
			},
			stdio: ["pipe", "pipe", "pipe"],
		});
		child.stdin.on("error", () => {});
		child.stdin.end(JSON.stringify(spec));
		return child;
	}
}

/** The emulated Aptible lags by reads, and a lag is waited for by pauses: neither goes by the clock, however busy the machine. */
export const quickWaits = { firstPauseMs: 10, lagMs: 1_500 };

/** A minute is for a real Aptible. */
export const impatient = { patienceMs: 3_000, firstPauseMs: 10 };

const executeInProcess: Execute = (argv, { env, onStdout }) => callCli(argv, env, { onStdout });

let turn: Promise<unknown> = Promise.resolve();

/** Runs something with other environment variables: one at a time, as a process has only one environment. */
function inEnvironment<T>(env: Readonly<Record<string, string>>, run: () => Promise<T>): Promise<T> {
	const mine = turn.then(async () => {
		const { ...before } = process.env;
		Object.assign(process.env, env);
		try {
			return await run();
		} finally {
			for (const name of Object.keys(env)) if (!(name in before)) delete process.env[name];
			Object.assign(process.env, before);
		}
	});
	turn = mine.catch(() => undefined);
	return mine;
}

/** An emulated Aptible with one environment in it, which goes when the test ends. */
export async function openReconciler(t: Pick<TestContext, "after">): Promise<ReconcilerUnderTest> {
	const dir = await mkdtemp(join(tmpdir(), "medstack-to-aptible-"));
	const cloud = await startAptible(dir);
	t.after(async () => {
		await cloud.close();
		await rm(dir, { recursive: true, force: true });
	});
	const folders = [...cloud.path, dirname(process.execPath), process.env.PATH ?? ""];
	const reconciler = new ReconcilerUnderTest({
		...definedVariables(process.env),
		...cloud.env,
		PATH: folders.join(delimiter),
	});
	await fakeSshKey(cloud.env);
	const { environment: handle } = reconciler;
	await reconciler.applied("environment", { handle, stack: "shared-ca-central-1", phi: false });
	reconciler.newJournal();
	return reconciler;
}

function succeeded(result: Reconciled): Reconciled {
	if (result.code !== 0) throw new Error(`the reconciler failed:\n${result.stderr}`);
	return result;
}
