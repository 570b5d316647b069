/**
 * `npm run drift -- --stack STACK`: whether Aptible is still as the stack left it, for a person or a nightly job. It previews the
 * stack and reads what the program found; further options are those of `pulumi preview` (`--config-file`, `--cwd`).
 *
 * Exit code 0: no drift. 2: drift, or an endpoint that the stage file does not declare. 1: unknown, in whole or in part.
 */
import { messageOf } from "../aptible/client/system-error.ts";
import type { DriftReport } from "./look.ts";
import { previewWithReport } from "./preview-report.ts";

const usage =
	"usage: npm run drift -- --stack STACK [--json] [any option of `pulumi preview`: --config-file FILE, --cwd FOLDER ...]";

const options = process.argv.slice(2);
if (options.includes("--help")) {
	process.stdout.write(`${usage}\n`);
	process.exit(0);
}
const isJson = options.includes("--json");
try {
	const report = await preview(options.filter((option) => option !== "--json"));
	process.stdout.write(isJson ? `${JSON.stringify(report, null, 2)}\n` : describe(report));
	const isDrifted = report.drifted.length + report.undeclaredEndpoints.length > 0;
	process.exitCode = isDrifted ? 2 : report.unknown.length > 0 ? 1 : 0;
} catch (error) {
	process.stderr.write(`${messageOf(error)}\n`);
	process.exitCode = 1;
}

async function preview(args: readonly string[]): Promise<DriftReport> {
	const printed = { stdout: "", stderr: "" };
	const { code, report } = await previewWithReport(args, { MEDSTACK_TO_APTIBLE_DRIFT: "required" }, (text, stream) => {
		printed[stream] += text;
	});
	if (code !== 0 || report === undefined)
		throw new Error(`whether there is drift is unknown, as the preview failed:\n${printed.stdout}${printed.stderr}`);
	return report;
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
