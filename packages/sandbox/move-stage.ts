/** What every move in the sandbox begins with: a stage that is up in `prepare`, a real server behind its database, and the mover's environment. */
import { copyFile } from "node:fs/promises";
import path from "node:path";
import { putServerBehind } from "./aptible/real-servers.ts";
import type { Sandbox } from "./environment.ts";
import { MEDSTACK_ADMIN, MEDSTACK_DATABASE } from "./medstack/source.ts";
import type { Postgres } from "./postgresql/server.ts";
import type { Result } from "./run.ts";

export interface MoveStageSetup {
	/** Folder of `Pulumi.yaml`. */
	root: string;
	stack: string;
	/** Path of the stage file, which is named as the stack's own. */
	stageFile: string;
	/** Values by their names under `secrets`. */
	secrets: Readonly<Record<string, string>>;
	/** Server behind its database `main`. */
	target: Postgres;
	/** Further variables of the engine. */
	env?: Readonly<Record<string, string>>;
	/** Whether what the update prints is shown. */
	isShown: boolean;
}

/** Brings a stage up. @throws with what the engine said */
export async function bringUpForMove(sandbox: Sandbox, setup: MoveStageSetup): Promise<void> {
	const { root, stack, stageFile, secrets, target, env = {}, isShown } = setup;
	const stage = ["--stack", stack, "--config-file", stageFile];
	const values = Object.entries(secrets).flatMap(([name, value]) => [
		"--secret",
		`medstack-to-aptible:secrets.${name}=${value}`,
	]);
	const steps: string[][] = [
		["stack", "init", stack],
		...(values.length === 0 ? [] : [["config", "set-all", "--path", ...values, ...stage]]),
		["up", "--yes", "--skip-preview", ...stage],
	];
	// `stack init` knows no --config-file, and writes the stack's file where it runs.
	const folder = path.dirname(stageFile);
	await copyFile(path.join(root, "Pulumi.yaml"), path.join(folder, "Pulumi.yaml"));
	for (const step of steps) {
		const { code, stdout, stderr }: Result = await sandbox.pulumi(step, {
			env: { ...env },
			inherit: isShown && step[0] === "up",
			...(step[0] === "stack" ? { cwd: folder } : {}),
		});
		if (code !== 0) throw new Error(`pulumi ${step[0]} ended with ${code}\n${stdout}${stderr}`);
	}
	putTargetBehind(sandbox, target);
}

/** Leads the stage's database `main` and the mover's endpoint, which may have been made anew, to a server. */
export function putTargetBehind({ env }: Pick<Sandbox, "env">, target: Postgres): void {
	const { address: host, port, superuser: user, password, ca } = target;
	putServerBehind(env.APTIBLE_SANDBOX ?? "", "main", { host, port, user, password, ca });
}

/** What MedStack's UI gives the mover: the hand-over file as a secret, the source in the environment. */
export function moverEnvironment({ env }: Sandbox, source: Postgres, handOver: string): Record<string, string> {
	return {
		PATH: env.PATH ?? "",
		NODE_COMPILE_CACHE: env.NODE_COMPILE_CACHE ?? "",
		MOVE_TARGET_FILE: handOver,
		MOVE_SOURCE_MAIN: source.url(MEDSTACK_DATABASE, MEDSTACK_ADMIN).replace(/\?.*/, ""),
		MOVE_SOURCE_MAIN_CA_FILE: source.caFile,
	};
}
