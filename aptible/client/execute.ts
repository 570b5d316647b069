/** How one process of the CLI is run. */
export interface ExecuteOptions {
	/** After this long it is killed. */
	timeoutMs: number;
	/** Kills it. */
	signal?: AbortSignal;
	env: NodeJS.ProcessEnv;
	onStdout: (chunk: string) => void;
}

/** How a call ended and what it wrote. */
export interface Ended {
	code: number | null;
	signal?: NodeJS.Signals | null;
	timedOut?: boolean;
	stdout: string;
	stderr: string;
}

/** Runs the CLI once: `aptible` on PATH, without a shell, unless a test has it run otherwise. */
export type Execute = (argv: readonly string[], options: ExecuteOptions) => Promise<Ended>;
