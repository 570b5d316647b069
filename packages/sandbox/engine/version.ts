import { execFile } from "node:child_process";
import { promisify } from "node:util";

const execute = promisify(execFile);

/** Whether a version such as `3.99.0` is `oldest` or newer. Anything after the three numbers does not count. */
export function isAtLeast(version: string, oldest: string): boolean {
	const [given, wanted] = [numbers(version), numbers(oldest)];
	const index = given.findIndex((number, place) => number !== wanted[place]);
	return index === -1 || (given[index] ?? 0) > (wanted[index] ?? 0);
}

/** The version that a program prints, without the `v` or `go` before it; nothing when it does not run. */
export async function versionOf(program: string, args: string[]): Promise<string | undefined> {
	try {
		const { stdout } = await execute(program, args, { env: { ...process.env, PULUMI_SKIP_UPDATE_CHECK: "true" } });
		return stdout.match(/\d+\.\d+(\.\d+)?\S*/)?.[0];
	} catch {
		return undefined;
	}
}

function numbers(version: string): number[] {
	const parts = version.match(/\d+/g) ?? [];
	return [0, 1, 2].map((place) => Number(parts[place] ?? 0));
}
