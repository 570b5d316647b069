/** The apps of CI that this run is to deploy from the stage file: `npm run up -- --release APP`. */
import * as pulumi from "@pulumi/pulumi";
import { releaseVariable } from "../wire/app.ts";
import { lookUp } from "../wire/own.ts";
import { findNearestWord, suggest } from "./near-miss.ts";
import type { Stage } from "./stage.ts";

/**
 * Handles of the apps that are named in the environment.
 *
 * @throws pulumi.RunError where one is no app of the stage, or none that CI releases
 */
export function readReleases({ apps }: Pick<Stage, "apps">): ReadonlySet<string> {
	const names = (process.env[releaseVariable] ?? "").split(",").map((name) => name.trim());
	const wanted = names.filter((name) => name !== "");
	for (const name of wanted) {
		const app = lookUp(apps, name);
		if (app === undefined) {
			const known = Object.keys(apps);
			const near = suggest(findNearestWord(name, known));
			throw new pulumi.RunError(
				`--release (${releaseVariable}): ${JSON.stringify(name)} is no app of this stage; it has: ${known.join(", ")}${near}`,
			);
		}
		if (app.releasedBy !== "ci") {
			throw new pulumi.RunError(
				`--release (${releaseVariable}): app ${JSON.stringify(name)} is released by the stage file: \`pulumi up\` deploys what changes ` +
					"there by itself. Leave it out; --release is for apps with releasedBy: ci.",
			);
		}
	}
	return new Set(wanted);
}
