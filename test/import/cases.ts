/**
 * Compose files after public ones, written anew with invented names (test/import/cases/NAME), each with what an import makes of it in
 * `expected/`. With UPDATE_GOLDEN=1 the tests write that again; read the difference before it is committed.
 */
import { readdirSync, readFileSync } from "node:fs";
import { cp, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { runImport as runCommand } from "../../import/command.ts";

export const casesFolder = join(import.meta.dirname, "cases");

/** Whose shape each case has. */
export const caseOrigins: Readonly<Record<string, string>> = {
	"clinic-records": "OpenEMR, docker/production",
	"fhir-server": "HAPI FHIR, JPA starter",
	"health-platform": "Medplum, full stack",
	pipeline: "Apache Airflow, docker-compose",
	refapp: "OpenMRS, reference application",
	reports: "Ushahidi platform, with a file of its own for production",
	social: "Mastodon, with search and Traefik's labels",
	stack: "Docker's voting app, a Swarm stack",
};

export const caseNames: readonly string[] = readdirSync(casesFolder).sort();

/** The arguments of an import of a case, on a stack where it comes up. */
export function argumentsOf(name: string): string[] {
	const own = JSON.parse(readFileSync(join(casesFolder, name, "arguments.json"), "utf8")) as string[];
	return [...own, "--aptible-stack", "shared-ca-central-1", "--phi", "false"];
}

/** What an import has left. */
export interface ImportRun {
	code: number;
	stdout: string;
	stderr: string;
	/** Files that it wrote, by their paths from its folder. */
	files: Map<string, string>;
	folder: string;
}

/** Imports a case in a copy of its folder, which goes after `use`. */
export async function withImport<T>(name: string, use: (run: ImportRun) => Promise<T>): Promise<T> {
	const folder = await mkdtemp(join(tmpdir(), "import-"));
	try {
		await cp(join(casesFolder, name), folder, { recursive: true });
		await rm(join(folder, "expected"), { recursive: true, force: true });
		return await use(await runImport(folder, argumentsOf(name)));
	} finally {
		await rm(folder, { recursive: true });
	}
}

/** An import in a folder, without variables of whoever runs the tests. */
export async function runImport(folder: string, args: readonly string[]): Promise<ImportRun> {
	const ended = await runCommand(args, { from: folder, shell: {} });
	const names = await readdir(folder, { recursive: true });
	const written = names.filter((one) => /(^|\/)(Pulumi\.[^/]*|report\.md(\.new)?|Procfile(\.new)?)$/.test(one)).sort();
	return { ...ended, files: new Map(written.map((one) => [one, readFileSync(join(folder, one), "utf8")])), folder };
}

/** Rows of the report of a case, by what became of the keys. */
export function countRows(name: string): { mapped: number; decide: number; dropped: number } {
	const folder = join(casesFolder, name, "expected");
	const found = readdirSync(folder, { recursive: true, encoding: "utf8" }).find((one) => one.endsWith("report.md"));
	const report = readFileSync(join(folder, found ?? ""), "utf8");
	const count = (title: string) => {
		const [, part = ""] = new RegExp(`^## ${title}\n([\\s\\S]*?)(?=^## |$(?![\\s\\S]))`, "m").exec(report) ?? [];
		return [...part.matchAll(/^\| \S+:\d+ \|/gm)].length;
	};
	return { mapped: count("Mapped"), decide: count("Needs a decision"), dropped: count("Dropped") };
}

/** What stands in docs/import.md of the cases. */
export function tableOfCases(): string {
	const rows = caseNames.map((name) => {
		const { mapped, decide, dropped } = countRows(name);
		const folder = join(casesFolder, name, "expected");
		const file = readdirSync(folder).find((one) => one.startsWith("Pulumi.")) ?? "";
		const text = readFileSync(join(folder, file), "utf8");
		const { config } = parse(text);
		const apps = Object.keys(config["medstack-to-aptible:apps"]).length;
		const databases = Object.values(config["medstack-to-aptible:databases"]) as { type: string; version: string }[];
		const kinds = databases.map(({ type, version }) => `${type} ${version}`).join(", ");
		const secrets = new Set(text.match(/\$\{secrets\.\w+\}/g)).size;
		return `| ${caseOrigins[name]} | ${apps} | ${kinds} | ${secrets} | ${mapped} | ${decide} | ${dropped} |\n`;
	});
	const head = "| After | Apps | Databases | Secrets | Mapped | Asked | Dropped |\n|---|---|---|---|---|---|---|\n";
	return head + rows.join("");
}
