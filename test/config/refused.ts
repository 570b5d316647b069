/** Wrong stage files, each with the exact lines that it is refused with. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseStage, StageError } from "../../config/parse.ts";
import { stageWith } from "./stage-file.ts";

/** What is changed in a right stage, and what is said of it. */
export type Refused = Readonly<Record<string, { change: Readonly<Record<string, unknown>>; says: readonly string[] }>>;

/** The lines that a stage is refused with; none if it is right. */
export function problemsOf(raw: unknown, secretKeys?: ReadonlySet<string>): readonly string[] {
	try {
		parseStage(raw, { file: "Pulumi.test.yaml", ...(secretKeys === undefined ? {} : { secretKeys }) });
		return [];
	} catch (error) {
		if (error instanceof StageError) return error.problems;
		throw error;
	}
}

const collected: Refused[] = [];

/** The wrong stages of test files beside this one; the tests of those that nobody has loaded yet are the caller's too. */
export async function collectRefused(files: readonly string[]): Promise<readonly Refused[]> {
	for (const file of files) await import(`./${file}`);
	return collected;
}

/** One test for each wrong stage. */
export function testRefused(cases: Refused): void {
	collected.push(cases);
	for (const [title, { change, says }] of Object.entries(cases)) {
		test(`refuses ${title}`, () => {
			const expected = says.map((line) => `Pulumi.test.yaml: ${line}`);
			assert.deepEqual(problemsOf(stageWith(change)), expected);
		});
	}
}
