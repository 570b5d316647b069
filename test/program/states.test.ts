/**
 * States that version 0.1.0 (f11f418) wrote in the sandbox, without the storage in Azure, whose addresses are each sandbox's own: today's
 * program previews them as unchanged, and the specs in them byte for byte. To pin a newer version beside it: `pulumi stack export`.
 */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { openStageFile, succeed } from "../support/stage.ts";

const states = join(import.meta.dirname, "../states");

interface Command {
	urn: string;
	type: string;
	inputs?: { stdin?: string };
}

/** Specs of the Commands by the last part of their URN. */
function specsOf(resources: readonly Command[]): Record<string, string> {
	return Object.fromEntries(
		resources.flatMap(({ urn, type, inputs }) => {
			return type === "command:local:Command" ? [[urn.split("::").slice(2).join("::"), inputs?.stdin ?? ""]] : [];
		}),
	);
}

for (const name of ["staging", "prod", "every-key"]) {
	test(`a state that version 0.1.0 wrote previews as unchanged: ${name}`, async (t) => {
		const file = join(states, name, "state.json");
		const stage = await openStageFile(t, name, await readFile(join(states, name, "stage.yaml"), "utf8"));
		await succeed(stage.sandbox.pulumi(["stack", "import", "--stack", name, "--file", file]));
		const { steps } = JSON.parse(await succeed(stage.preview("--json", "--show-sames", "--expect-no-changes"))) as {
			steps: { op: string; urn: string; newState?: Command }[];
		};
		assert.deepEqual(
			steps.filter(({ op }) => op !== "same").map(({ op, urn }) => `${op} ${urn}`),
			[],
		);
		const before = (JSON.parse(await readFile(file, "utf8")) as { deployment: { resources: Command[] } }).deployment;
		const now = specsOf(steps.flatMap(({ newState }) => newState ?? []));
		assert.deepEqual(now, specsOf(before.resources));
	});
}
