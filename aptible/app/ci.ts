/** Apps that CI releases: what is left to it, and what a run does that is told to release one (`--release`). */
import { type AppFacts, type AppSpec, releaseHint } from "../../wire/app.ts";
import { environmentKey } from "../../wire/template.ts";

/** The `--release` that a run has to do; undefined where there is none, or an earlier run has done it. */
export function wantedRelease({ releasedBy }: AppSpec, recorded: AppFacts | undefined): string | undefined {
	const wanted = releasedBy === "ci" ? process.env[environmentKey(releaseHint)] : undefined;
	return wanted === recorded?.releasedFor ? undefined : wanted;
}

/** What a run goes by that has one to do: it deploys what differs as of an app that the stage file releases, credentials too. */
export function specOfRelease({ releasedBy: _, registry, ...spec }: AppSpec): AppSpec {
	return { ...spec, ...(registry === undefined ? {} : { registry: { ...registry, deployOnChange: true } }) };
}

/** Config keys that Aptible's GitHub Action sets with each deploy (facts/aptible.md §13). */
export function isOfCi(key: string): boolean {
	return /^APTIBLE_(GIT_(COMMIT_(SHA|URL|TIMESTAMP|MESSAGE)|REPOSITORY_URL|REF)|DOCKER_REPOSITORY_URL)$/.test(key);
}
