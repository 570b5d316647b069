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
	const show = async (run: string, args: readonly string[]): Promise<boolean> => {
		const child = spawn("pulumi", [...args, ...stage], { cwd: root, env: env(run), stdio: "inherit" });
		return new Promise((resolve, reject) => {
			child.on("error", (error) => reject(new Error(`pulumi cannot be started: ${error.message}; is it on PATH?`)));
			child.on("close", (code) => resolve(code === 0));
		});
	};
	return {
		async phase() {
			const options = { cwd: root, env: env(), timeout: READ_MS };
			const { stdout } = await promisify(execFile)("pulumi", ["stack", "output", "--json", ...stack], options);
			return MovePhase.safeParse((JSON.parse(stdout) as { movePhase?: unknown }).movePhase).data;
		},
		preview: (run) => show(run, ["preview"]),
		update: (run) => show(run, ["up", "--yes", "--skip-preview"]),
	};
}
