/** A whole night by the product's commands: what its clients saw, and what an auditor reads of it. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { test } from "node:test";
import { stampLine } from "../../night/command.ts";
import { playNight } from "../../night/play.ts";

const root = path.join(import.meta.dirname, "../../../..");
const EXAMPLE = path.join(root, "docs/examples/night-report.md");
/** What the command prints, for the picture in the README. */
const RECORDED = path.join(root, "docs/pictures/night.txt");

/** Lines of a report with whatever differs from night to night made the same; its forecast shows the steps that took longest. */
function shapeOf(report: string): string[] {
	const lines = report
		.slice(report.indexOf("# Move of "))
		.split("\n")
		.filter((line) => !line.startsWith("  - "))
		.map((line) => line.replaceAll(/-?[0-9a-f]{12,}|-?\d+(\.\d+)?/g, "0"));
	return [...new Set(lines)].sort();
}

/** What is printed, with the seconds, the rows and the luck of a night made the same. */
function shapeOfPrinted(text: string): string[] {
	return text
		.split("\n")
		.map((line) =>
			line.replaceAll(/ *\d+(\.\d+)?/g, " 0").replace(/\([\w-]+ 0\)$|: (inside the|shorter than) forecast$/, ""),
		);
}

test("in a whole night no write is lost or lands on a closed side, clients are without the product as long as forecast, and the report tells it", async (t) => {
	const folder = await mkdtemp(path.join(os.tmpdir(), "night-"));
	t.after(() => rm(folder, { recursive: true, force: true }));
	const said: string[] = [];
	const printed = ["$ npm run sandbox -- night"];
	const started = performance.now();
	const { verdict, report } = await playNight({
		root,
		folder: path.join(folder, "night"),
		say: (line) => {
			said.push(line);
			printed.push(stampLine(line, started));
		},
		signal: t.signal,
	});
	printed.push(stampLine("the night is over:", started), ...verdict.lines.map((line) => `  ${line}`), "");
	const shown = verdict.lines.join("\n");
	const { lost, onClosedSide, contradicted, turns } = verdict.writes;
	assert.deepEqual([lost, onClosedSide, contradicted], [[], [], []], shown);
	assert.deepEqual(
		turns.map(({ side, writes }) => [side, writes > 0]),
		[
			["medstack", true],
			["aptible", true],
		],
		shown,
	);
	assert.deepEqual(verdict.differingObjects, []);
	assert.equal(verdict.downtime.isOver, true, shown);
	assert.ok(verdict.downtime.seconds <= verdict.band.most, shown);
	assert.match(shown, /(inside|shorter than) the forecast|shorter than forecast/);
	assert.ok(said.includes("at the DNS host, by hand: portal.acme.example. 60 IN CNAME portal-new.acme.example."));

	if (process.env.UPDATE_GOLDEN === "1") await writeFile(RECORDED, printed.join("\n"));
	assert.deepEqual(
		shapeOfPrinted(await readFile(RECORDED, "utf8")),
		shapeOfPrinted(printed.join("\n")),
		"docs/pictures/night.txt is not what the command prints today; UPDATE_GOLDEN=1 on this test records it, and `npm run pictures` draws it",
	);

	const text = await readFile(report, "utf8");
	for (const part of [
		/switch, phase prepare to frozen: .* \| done \|/,
		/freeze \(r4\): .* \| done; 0 rows were written in 2 s of watching \|/,
		/copy \(r5\): .* \| done \|/,
		/switch, phase trial to live: .* \| done \|/,
		/watch: .* \| silent for 6 s; meanwhile Aptible answered \d+ requests, and 0 with an error \|/,
		/- main: both sides are equal/,
	]) {
		assert.match(text, part);
	}
	assert.ok(!text.includes(folder), "the report names a path of this machine");
	assert.deepEqual(
		shapeOf(readFileSync(EXAMPLE, "utf8")),
		shapeOf(text),
		"docs/examples/night-report.md is not what `report` writes today; put what `npm run sandbox -- night` leaves in .sandbox/night/.move below its first lines",
	);
});
