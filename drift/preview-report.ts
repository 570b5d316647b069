/** A preview of a stack from outside, for commands that read what the program has found of drift. */
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DriftReport } from "./look.ts";

/** How a preview ended. */
export interface PreviewRun {
	/** null: a signal ended it. */
	code: number | null;
	/** undefined: the program did not come to look, or had no credentials for it. */
	report: DriftReport | undefined;
}

/**
 * Runs `pulumi preview` to its end, whatever its exit code.
 *
 * @param hear gets what it prints as it comes
 * @throws Error where there is no `pulumi` to run
 */
export async function previewWithReport(
	options: readonly string[],
	env: Readonly<Record<string, string>>,
	hear: (text: string, stream: "stdout" | "stderr") => void,
): Promise<PreviewRun> {
	const folder = await mkdtemp(join(tmpdir(), "medstack-to-aptible-"));
	const file = join(folder, "report.json");
	try {
		const child = spawn("pulumi", ["preview", "--non-interactive", "--suppress-outputs", ...options], {
			env: { ...process.env, ...env, MEDSTACK_TO_APTIBLE_DRIFT_REPORT: file },
			stdio: ["ignore", "pipe", "pipe"],
		});
		for (const stream of ["stdout", "stderr"] as const) {
			child[stream].setEncoding("utf8").on("data", (text: string) => hear(text, stream));
		}
		const code = await new Promise<number | null>((resolve, reject) => {
			child.on("error", (cause: NodeJS.ErrnoException) => {
				const isMissing = cause.code === "ENOENT";
				reject(isMissing ? new Error("the `pulumi` CLI is not on PATH: https://www.pulumi.com/docs/install/") : cause);
			});
			child.on("close", resolve);
		});
		const report = await readFile(file, "utf8").catch(() => undefined);
		return { code, report: report === undefined ? undefined : (JSON.parse(report) as DriftReport) };
	} finally {
		await rm(folder, { recursive: true, force: true });
	}
}
