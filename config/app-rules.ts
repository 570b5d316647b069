/** What takes more than one value of an app to see, its services' autoscaling included. */
import { imageText } from "./app.ts";
import { VerticalAutoscale } from "./autoscale.ts";
import type { Draft } from "./draft.ts";
import { missing } from "./fields.ts";
import { type Mistake, type Place, wrongValue } from "./mistakes.ts";
import { checkStartingSize } from "./sizes.ts";

type AppDraft = NonNullable<NonNullable<Draft["apps"]>[string]>;
type ServiceDraft = NonNullable<NonNullable<AppDraft["services"]>[string]>;

/** Branches of an app's git remote on which a push acts at once (Aptible docs: deploying with Git, branches and refs). */
const actingBranches = /^(?:refs\/heads\/)?(master|main|aptible-scan)$/;

function checkSource(at: Place, app: AppDraft): Mistake[] {
	const { git } = app;
	if ("image" in app && "git" in app) {
		return [wrongValue([...at, "image"], "stands beside git; an app has one of the two: remove the other")];
	}
	if (!("image" in app) && !("git" in app)) {
		const says = `${missing}; give ${imageText.what}: ${imageText.allowed}; or git: with a commitish`;
		return [{ place: [...at, "image"], says, about: "nothing" }];
	}
	return git?.commitish === undefined ? [] : checkCommitish([...at, "git", "commitish"], git.commitish);
}

/** What CI releases is deployed from here once it is asked for, and then with the credentials of the file. */
function checkDeployOnChange(at: Place, { releasedBy, registry }: AppDraft): Mistake[] {
	if (releasedBy !== "ci" || registry?.deployOnChange !== true) return [];
	const says =
		"stands beside releasedBy: ci, where the stage file deploys nothing by itself; remove the line (--release takes the credentials along)";
	return [wrongValue([...at, "registry", "deployOnChange"], says)];
}

function checkCommitish(place: Place, commitish: string): Mistake[] {
	const acting = actingBranches.exec(commitish)?.[1];
	if (acting === "aptible-scan") {
		return [
			wrongValue(place, "is the branch on which Aptible only tests the build; push to another one and name that"),
		];
	}
	if (acting !== undefined) {
		const says =
			"is a branch whose push deploys at once, without the config of this file; push to another branch and name that, or its commit";
		return [wrongValue(place, says)];
	}
	return [];
}

const verticalDefaults = VerticalAutoscale.parse({ kind: "vertical" });

/** What autoscaling decides cannot be said beside it. */
function checkDecided(at: Place, service: ServiceDraft): Mistake[] {
	const { autoscale } = service;
	if (autoscale?.kind === "horizontal" && "containers" in service) {
		const says =
			"stands beside horizontal autoscaling, which decides it; remove the line (it starts with autoscale.min)";
		return [wrongValue([...at, "containers"], says)];
	}
	if (autoscale?.kind !== "vertical") return [];
	const starts = "it starts with autoscale.minMb and profile m";
	return (["containerMb", "containerProfile"] as const)
		.filter((key) => key in service)
		.map((key) =>
			wrongValue([...at, key], `stands beside vertical autoscaling, which decides it; remove the line (${starts})`),
		);
}

/** Kinds of endpoint with which a number of containers cannot change without a restart (facts/aptible.md §2.3). */
const restartingKinds = ["tcp", "tls", "grpc"];

function checkRestartFree(at: Place, name: string, service: ServiceDraft, endpoints: AppDraft["endpoints"]): Mistake[] {
	const [key, endpoint] =
		Object.entries(endpoints ?? {}).find(
			([, one]) => one?.service === name && restartingKinds.includes(one.kind ?? ""),
		) ?? [];
	if (endpoint === undefined) return [];
	const says = `is not possible with its ${endpoint.kind} endpoint "${key}"; remove the line`;
	return [
		...(service.restartFreeScaling === true ? [wrongValue([...at, "restartFreeScaling"], says)] : []),
		...(service.autoscale?.kind === "horizontal" && service.autoscale.restartFree === true
			? [wrongValue([...at, "autoscale", "restartFree"], says)]
			: []),
	];
}

function checkBounds(at: Place, autoscale: NonNullable<ServiceDraft["autoscale"]>): Mistake[] {
	const mistakes: Mistake[] = [];
	const order = (key: string, low: unknown, above: string, high: unknown, equal: boolean) => {
		if (typeof low !== "number" || typeof high !== "number" || low < high || (equal && low === high)) return;
		const place = [...at, key];
		const says = `is ${equal ? "above" : "not below"} ${above}, which is ${high}; lower it or raise the other`;
		mistakes.push(
			key in autoscale
				? wrongValue(place, says)
				: { place, says: `is ${low} where it is not written, and that ${says}`, about: "nothing" },
		);
	};
	if (autoscale.kind === "horizontal") {
		order("min", autoscale.min, "max", autoscale.max, true);
		order("minCpu", autoscale.minCpu, "maxCpu", autoscale.maxCpu, false);
	}
	if (autoscale.kind !== "vertical") return mistakes;
	// A value that is wrong by itself is there and undefined, and so stays out.
	const declared = { ...verticalDefaults, ...autoscale };
	order("minMb", declared.minMb, "maxMb", declared.maxMb, true);
	order("scaleDownMemory", declared.scaleDownMemory, "scaleUpMemory", declared.scaleUpMemory, false);
	order("computeProfileRatio", declared.computeProfileRatio, "memoryProfileRatio", declared.memoryProfileRatio, false);
	mistakes.push(...checkStartingSize([...at, "minMb"], declared.minMb));
	return mistakes;
}

/** Judges every app, endpoints, config and container sizes aside. */
export function checkApps(draft: Draft): Mistake[] {
	return Object.entries(draft.apps ?? {}).flatMap(([handle, app]) => {
		if (app === undefined) return [];
		const at = ["apps", handle];
		const mistakes = [...checkSource(at, app), ...checkDeployOnChange(at, app)];
		if (app.services !== undefined && Object.keys(app.services).length === 0) {
			const says = "has no service; name at least one process type of its Procfile (cmd where it has none)";
			mistakes.push({ place: [...at, "services"], says, about: "nothing" });
		}
		for (const [name, service] of Object.entries(app.services ?? {})) {
			if (service === undefined) continue;
			const place = [...at, "services", name];
			mistakes.push(...checkDecided(place, service), ...checkRestartFree(place, name, service, app.endpoints));
			if (service.autoscale !== undefined) mistakes.push(...checkBounds([...place, "autoscale"], service.autoscale));
		}
		return mistakes;
	});
}
