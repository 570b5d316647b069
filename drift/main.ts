/**
 * `npm run drift -- --stack STACK`: whether Aptible is still as the stack left it, for a person or a nightly job. It previews the
 * stack and reads what the program found; further options are those of `pulumi preview` (`--config-file`, `--cwd`).
 *
 * Exit code 0: no drift. 2: drift, or an endpoint that the stage file does not declare. 1: unknown, in whole or in part.
 */
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { messageOf } from "../aptible/client/system-error.ts";
import type { DriftReport } from "./look.ts";

const usage =
	"usage: npm run drift -- --stack STACK [--json] [any option of `pulumi preview`: --config-file FILE, --cwd FOLDER ...]";

const options = process.argv.slice(2);
if (options.includes("--help")) {
	process.stdout.write(`${usage}\n`);
	process.exit(0);
}
const isJson = options.includes("--json");
const folder = await mkdtemp(join(tmpdir(), "medstack-to-aptible-"));
try {
	const report = await preview(
		join(folder, "report.json"),
		options.filter((option) => option !== "--json"),
	);
	process.stdout.write(isJson ? `${JSON.stringify(report, null, 2)}\n` : describe(report));
	const isDrifted = report.drifted.length + report.undeclaredEndpoints.length > 0;
	process.exitCode = isDrifted ? 2 : report.unknown.length > 0 ? 1 : 0;
} catch (error) {
	process.stderr.write(`${messageOf(error)}\n`);
	process.exitCode = 1;
} finally {
	await rm(folder, { recursive: true, force: true });
}

async function preview(file: string, args: readonly string[]): Promise<DriftReport> {
	const child = spawn("pulumi", ["preview", "--non-interactive", "--suppress-outputs", ...args], {
		env: { ...process.env, MEDSTACK_TO_APTIBLE_DRIFT: "required", MEDSTACK_TO_APTIBLE_DRIFT_REPORT: file },
		stdio: ["ignore", "pipe", "pipe"],
	});
	const end = new Promise<number | null>((resolve, reject) => {
		child.on("error", (cause: NodeJS.ErrnoException) => {
			reject(
				cause.code === "ENOENT"
					? new Error("the `pulumi` CLI is not on PATH: https://www.pulumi.com/docs/install/")
					: cause,
			);
		});
		child.on("close", resolve);
	});
	const [code, stdout, stderr] = await Promise.all([end, text(child.stdout), text(child.stderr)]);
	if (code !== 0) throw new Error(`whether there is drift is unknown, as the preview failed:\n${stdout}${stderr}`);
	return JSON.parse(await readFile(file, "utf8")) as DriftReport;
}

function describe({ drifted, gone, undeclared, undeclaredEndpoints, unknown, recovery }: DriftReport): string {
	const isBack = ({ kind, differences }: DriftReport["drifted"][number]) =>
		kind !== "database" ||
		gone.length === 0 ||
		!differences.some(({ field, live }) => field === "object" && live === "gone");
	const back = drifted.filter(isBack);
	const lines = back.flatMap(({ kind, name, differences }) => [
		`${kind} ${name}:`,
		...differences.map(
			({ field, declared, live, cause }) =>
				`  ${field}: live ${live}, declared ${declared}${cause === undefined ? "" : `, ${cause}`}`,
		),
	]);
	const others = undeclared.filter((text) => !undeclaredEndpoints.includes(text));
	const verdict =
		back.length > 0
			? "`pulumi up` brings these back to what the stage file says:"
			: gone.length > 0
				? "what is declared and there is as it was left"
				: undeclaredEndpoints.length > 0
					? "what is declared is as it was left; what follows is not declared, and `pulumi up` leaves it as it is:"
					: unknown.length > 0
						? "no drift in what this token may see"
						: "no drift";
	return [...gone, verdict, ...lines, ...undeclaredEndpoints, ...others, ...unknown, ...recovery, ""].join("\n");
}
