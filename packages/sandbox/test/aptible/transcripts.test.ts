import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { type Fault, setFault } from "../../aptible/faults.ts";
import { Bench, type Outcome } from "./support.ts";

interface Transcript {
	note: string;
	argv: string[];
	format: string;
	portal: "follow" | "down" | "early";
	exit: number;
	stdout: string;
	stderr: string;
	writes: Record<string, unknown>[];
	telemetryOptions?: Record<string, unknown>;
}

const FILE = new URL("./transcripts.json", import.meta.url);
const { transcripts }: { transcripts: Transcript[] } = JSON.parse(readFileSync(FILE, "utf8"));

/** The recordings are of two runs; the second one starts afresh, with failures planted. */
const SECOND_RUN = transcripts.findIndex(({ note }) => note.startsWith("(faults on)"));

/** What had been arranged around the CLI for a recording. */
const FAULTS: Record<string, Fault> = {
	"deploy fails": { name: "deploy-fails", reason: "" },
	"db provision fails": { name: "provision-fails", reason: "" },
	"drain provision fails": { name: "provision-fails", reason: "" },
	"API unreachable": { name: "api-unreachable" },
};

/** Where the sandbox knowingly differs from a recording: the note of the transcript, the field, and why. */
const DIFFERENCES: { note: string; field: keyof Comparable; reason: string }[] = [];

interface Comparable {
	exit: number | null;
	stdout: string;
	stderr: string;
	writes: unknown;
	telemetry: unknown;
}

/** Gives ids names by the order in which they appear, so that the same id has to reappear at the same places. */
class Names {
	readonly #names = new Map<string, string>();

	of(space: string, id: string): string {
		const key = `${space} ${id}`;
		const name = this.#names.get(key) ?? `<${space} ${this.#names.size}>`;
		this.#names.set(key, name);
		return name;
	}
}

function normalText(text: string, names: Names): string {
	return text
		.replace(/"created_at": "[^"]+"/g, '"created_at": "<time>"')
		.replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d (UTC|\+0000)/g, "<time>")
		.replace(/:[\w]+@db-acme-(\d+)\.aptible\.in:\d+/g, (_, id) => `:<password>@${names.of("database host", id)}`)
		.replace(/elb-acme-(\d+)\.aptible\.in/g, (_, id) => names.of("endpoint host", id))
		.replace(/app-(\d+)\.on-aptible\.com/g, (_, id) => names.of("default domain", id))
		.replace(/("id": |^Id: |operations?[ /]|Operation #?)(\d+)/gm, (_, before, id) => before + names.of("id", id))
		.replace(/("description": ")(\d+):/g, (_, before, id) => `${before}${names.of("id", id)}:`)
		.replace(/0x[0-9a-f]{16}/g, "0x…")
		.replace(/(\n\tfrom .*)+/g, "\n\t(backtrace)");
}

function normalWrites(writes: readonly object[], names: Names): unknown {
	return JSON.parse(JSON.stringify(writes), (key, value) => {
		if ((key === "op" || key === "id" || key === "service_id") && typeof value === "number")
			return names.of("id", String(value));
		if (key === "on" && typeof value === "number") return names.of("id", String(value));
		if (key === "token") return "<token>";
		if (key === "database_image") return names.of("image", String(value).split("/").at(-1) ?? "");
		return value;
	});
}

function comparable(
	run: Pick<Outcome, "exit" | "stdout" | "stderr" | "telemetry"> & { writes: readonly object[] },
	names: Names,
): Comparable {
	return {
		exit: run.exit,
		writes: normalWrites(run.writes, names),
		stdout: normalText(run.stdout, names),
		stderr: normalText(run.stderr, names),
		telemetry: run.telemetry && JSON.parse(normalText(JSON.stringify(run.telemetry), names)),
	};
}

/** Host names of endpoints in a recorded command, as this sandbox calls them. */
function translated(argv: readonly string[], hosts: ReadonlyMap<string, string>): string[] {
	return argv.map((word) => hosts.get(word) ?? word);
}

function noteHosts(recorded: string, actual: string, hosts: Map<string, string>): void {
	const find = (text: string) => [...text.matchAll(/elb-acme-\d+\.aptible\.in/g)].map(([host]) => host);
	const mine = find(actual);
	for (const [index, host] of find(recorded).entries()) {
		const own = mine[index];
		if (own !== undefined) hosts.set(host, own);
	}
}

async function replay(recordings: readonly Transcript[]): Promise<void> {
	using bench = new Bench("acme-staging");
	const [recordedNames, ownNames] = [new Names(), new Names()];
	const hosts = new Map<string, string>();
	for (const recording of recordings) {
		const fault = FAULTS[recording.note];
		if (fault) setFault(bench.dir, fault);
		if (recording.portal !== "follow") setFault(bench.dir, { name: `portal-${recording.portal}`, ms: 50 });
		const token = recording.note === "no token" ? { APTIBLE_ACCESS_TOKEN: undefined } : {};
		const actual = await bench.run(translated(recording.argv, hosts), {
			APTIBLE_OUTPUT_FORMAT: recording.format,
			APTIBLE_API_ROOT_URL: "http://api.aptible.example:18081",
			...token,
		});
		noteHosts(recording.stdout, actual.stdout, hosts);
		const expected = comparable({ ...recording, telemetry: recording.telemetryOptions ?? null }, recordedNames);
		const own = comparable(actual, ownNames);
		for (const field of ["exit", "stderr", "stdout", "writes", "telemetry"] as const) {
			const listed = DIFFERENCES.find((each) => each.note === recording.note && each.field === field);
			const message = `"${recording.note}": ${field} of aptible ${recording.argv.join(" ")}`;
			if (listed)
				assert.notDeepEqual(own[field], expected[field], `${message} no longer differs; take it off the list`);
			else assert.deepEqual(own[field], expected[field], message);
		}
	}
}

test("the first recorded run replays as it was", () => replay(transcripts.slice(0, SECOND_RUN)));

test("the second recorded run, with failures, replays as it was", () => replay(transcripts.slice(SECOND_RUN)));

test("every listed difference belongs to a recording", () => {
	for (const { note } of DIFFERENCES)
		assert.ok(
			transcripts.some((each) => each.note === note),
			note,
		);
});

for (const [copy, name] of [
	[FILE, "aptible-cli-transcripts.json"],
	[new URL("../../aptible/contract.json", import.meta.url), "aptible-cli-contract.json"],
] as const) {
	const original = new URL(`../../../../../shared/${name}`, import.meta.url);
	test(`the copy of ${name} is the original`, { skip: !existsSync(original) }, () => {
		assert.deepEqual(JSON.parse(readFileSync(copy, "utf8")), JSON.parse(readFileSync(original, "utf8")));
	});
}
