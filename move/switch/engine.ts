/** `pulumi` as a switch needs it: what it prints goes to the person. */
import { execFile, spawn } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";
import { stageFolderVariable } from "../../config/move-record.ts";
import { MovePhase, runVariable } from "../../wire/move.ts";
import type { MoveStage } from "../stage.ts";

const root = path.join(import.meta.dirname, "../..");
const READ_MS = 60_000;

export interface Engine {
	/** The phase of the last update that was carried through; undefined where there was none, or no move. */
	phase(): Promise<MovePhase | undefined>;
	/** Shows what an update would do. @returns whether it may */
	preview(run: string): Promise<boolean>;
	/** Updates without asking. @returns whether it was carried through */
	update(run: string): Promise<boolean>;
}

/** The engine on PATH, for a stage. */
export function pulumiEngine({ name, folder, configFile }: MoveStage): Engine {
	const stack = ["--stack", name];
	const stage = configFile === undefined ? stack : [...stack, "--config-file", path.resolve(configFile)];
	const env = (run?: string) => ({
		...process.env,
		...(configFile === undefined ? {} : { [stageFolderVariable]: folder }),
		...(run === undefined ? {} : { [runVariable]: run }),
	});
	const show = (run: string, args: readonly string[]): Promise<boolean> =>
		started(
			new Promise((resolve, reject) => {
				const child = spawn("pulumi", [...args, ...stage], { cwd: root, env: env(run), stdio: "inherit" });
				child.on("error", reject);
				child.on("close", (code) => resolve(code === 0));
			}),
		);
	return {
		async phase() {
			const options = { cwd: root, env: env(), timeout: READ_MS };
			const output = ["stack", "output", "--json", ...stack];
			const { stdout } = await started(promisify(execFile)("pulumi", output, options));
			return MovePhase.safeParse((JSON.parse(stdout) as { movePhase?: unknown }).movePhase).data;
		},
		preview: (run) => show(run, ["preview"]),
		update: (run) => show(run, ["up", "--yes", "--skip-preview"]),
	};
}

/** What comes of a child; one that cannot be started has no output that says why. */
async function started<T>(child: Promise<T>): Promise<T> {
	try {
		return await child;
	} catch (error) {
		const { syscall = "", message } = error as NodeJS.ErrnoException;
		if (!syscall.startsWith("spawn")) throw error;
		throw new Error(
			`pulumi cannot be started (${message}); install it, or have its folder on PATH: https://www.pulumi.com/docs/install/`,
			{ cause: error },
		);
	}
}
