/** What every move in the sandbox begins with: a stage that is up in `prepare`, a real server behind its database, and the mover's environment. */
import { putServerBehind } from "./aptible/real-servers.ts";
import type { Sandbox } from "./environment.ts";
import { MEDSTACK_ADMIN, MEDSTACK_DATABASE } from "./medstack/source.ts";
import type { Postgres } from "./postgresql/server.ts";
import type { Result } from "./run.ts";

export interface MoveStageSetup {
	stack: string;
	/** Path of the stage file. */
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
	const { stack, stageFile, secrets, target, env = {}, isShown } = setup;
	const stage = ["--stack", stack, "--config-file", stageFile];
	const steps: string[][] = [
		["stack", "init", stack],
		...Object.entries(secrets).map(([name, value]) => [
			"config",
			"set",
			"--secret",
			"--path",
			`medstack-to-aptible:secrets.${name}`,
			value,
			...stage,
		]),
		["up", "--yes", "--skip-preview", ...stage],
	];
	for (const step of steps) {
		const { code, stdout, stderr }: Result = await sandbox.pulumi(step, {
			env: { ...env },
			inherit: isShown && step[0] === "up",
		});
		if (code !== 0) throw new Error(`pulumi ${step[0]} ended with ${code}\n${stdout}${stderr}`);
	}
	putServerBehind(sandbox.env.APTIBLE_SANDBOX ?? "", "main", {
		host: target.address,
		port: target.port,
		user: target.superuser,
		password: target.password,
		ca: target.ca,
	});
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
