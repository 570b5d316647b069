import { type AppSpec, releaseHint } from "../wire/app.ts";
import type { ServiceSpec } from "../wire/service.ts";
import { references, rewriteReferences } from "../wire/template.ts";
import { type Change, describeRename, nameValues } from "./change.ts";
import { describeRestarts, describeService, isScaled, sizeText } from "./service.ts";

/**
 * What a change does to an app: image or commit and config in one deploy, config alone in one restart, one scale for each service whose
 * size differs.
 */
export function describeApp(change: Change<AppSpec>): string[] {
	const { before, after } = change;
	if (before === undefined) {
		const services = Object.entries(after.services).map(([name, service]) => `${name} ${sizeText(service)}`);
		return [
			`new, one deploy of ${sourceText(undefined, after)}`,
			...(services.length === 0 ? [] : [services.join(", ")]),
		];
	}
	const { deploys, restarts, parts } = describeRelease(before, change);
	const services = Object.entries(after.services);
	const isReleased = deploys || restarts;
	const restarted = services.flatMap(([name, service]): [string, ServiceSpec][] => {
		const was = before.services[name];
		if (was === undefined || service.containers === 0 || was.containers === 0) return [];
		if (isReleased) return [[name, service]];
		// Its options wait for the next release, and those in force may be of one before the last update.
		const both = (option: "restartFreeScaling" | "forceZeroDowntime") => was[option] && service[option];
		const isFree = both("restartFreeScaling") && isSameSize(was, service);
		return isScaled(was, service) && !isFree
			? [[name, { ...service, forceZeroDowntime: both("forceZeroDowntime") }]]
			: [];
	});
	return [
		...describeRename(before, after, isReleased, "a restart of it"),
		...(before.handle !== after.handle && (after.git !== undefined || after.releasedBy === "ci")
			? [`what is pushed or deployed to ${before.handle} finds nothing any more`]
			: []),
		...parts,
		...services.flatMap(([name, service]) => describeService(name, before.services[name], service, isReleased)),
		...describeRestarts(restarted, change.surroundings?.endpoints ?? {}),
		...Object.keys(before.services)
			.filter((name) => !Object.hasOwn(after.services, name))
			.map((name) => `service ${name} leaves the stage file, and what runs of it is left alone`),
	];
}

/** What goes with an app. */
export function describeRemovedApp({ config, services }: AppSpec): string {
	const keys = Object.keys(config).length;
	const running = Object.entries(services).map(([name, service]) => `${name} ${sizeText(service)}`);
	const what = `${keys} config ${keys === 1 ? "key" : "keys"} and its endpoints go with it`;
	return `IS DELETED: ${[...running, what].join(", ")}`;
}

/** Whether it is deployed or restarted, and for what. */
function describeRelease(
	before: AppSpec,
	{ after, values, unknown, drift, surroundings }: Change<AppSpec>,
): { deploys: boolean; restarts: boolean; parts: string[] } {
	const isTold = values.includes(releaseHint);
	const isOfCi = after.releasedBy === "ci" && !isTold;
	const isOther = before.image !== after.image || before.git?.commitish !== after.git?.commitish;
	const config = describeConfig(before, after, values, surroundings?.formerPlaces ?? {});
	// Those on Aptible are drift only where they are a reason to deploy.
	const haveDrifted = drift.some(({ field }) => field === "registry");
	const credentials = haveDrifted || hasOtherCredentials(before, after, values);
	const deploysForThem = haveDrifted || (credentials && after.registry?.deployOnChange === true && !isOfCi);
	const deploys = (isOther && !isOfCi) || isTold || deploysForThem;
	const told = isOther && isOfCi ? [`deploys nothing: CI does (or \`npm run up -- --release ${after.handle}\`)`] : [];
	if (deploys) {
		const carried = [
			...config,
			...(credentials ? [after.registry === undefined ? "no registry credentials" : "new registry credentials"] : []),
		];
		const withIt = carried.length === 0 ? "" : ` with ${carried.join(", ")}`;
		return { deploys, restarts: true, parts: [`one deploy of ${sourceText(before, after)}${withIt}`] };
	}
	const wait = after.registry === undefined ? "registry credentials go with" : "new registry credentials wait for";
	const waiting = credentials ? [`${wait} the next deploy`] : [];
	const restart = config.length === 0 ? [] : [`${config.join(", ")}: one restart`];
	const perhaps = config.length > 0 || unknown.length === 0 ? [] : [`one restart if ${unknown.join(", ")} changes`];
	return { deploys, restarts: config.length > 0, parts: [...told, ...restart, ...perhaps, ...waiting] };
}

function describeConfig(
	before: AppSpec,
	after: AppSpec,
	values: readonly string[],
	formerPlaces: Readonly<Record<string, string>>,
): string[] {
	const texts = Object.entries(after.config);
	const set = texts.filter(([key, text]) => before.config[key] !== underFormerNames(text, formerPlaces));
	const kept = texts.filter((entry) => !set.includes(entry)).flatMap(([, text]) => references(text));
	const changed = values.filter((reference) => kept.includes(reference));
	const removed = Object.keys(before.config).filter((key) => !Object.hasOwn(after.config, key));
	return [
		...(set.length === 0 ? [] : [`config ${set.map(([key]) => key).join(", ")} set`]),
		...(removed.length === 0 ? [] : [`config ${removed.join(", ")} removed`]),
		...(changed.length === 0 ? [] : [`${nameValues(changed)} changed`]),
	];
}

/** A template as it stood before what it refers to was renamed: its value stays. */
function underFormerNames(text: string, formerPlaces: Readonly<Record<string, string>>): string {
	return rewriteReferences(text, (reference) => {
		const renamed = Object.entries(formerPlaces).find(([place]) => reference.startsWith(`${place}.`));
		return renamed && `\${${renamed[1]}${reference.slice(renamed[0].length)}}`;
	});
}

function hasOtherCredentials(before: AppSpec, after: AppSpec, values: readonly string[]): boolean {
	const texts = ({ registry }: AppSpec) => [registry?.username ?? "", registry?.password ?? ""];
	if (texts(before).join("\n") !== texts(after).join("\n")) return true;
	return texts(after)
		.flatMap(references)
		.some((reference) => values.includes(reference));
}

/** The tag where only that is another one, else the whole image; or the commit. */
function sourceText(before: AppSpec | undefined, { image, git }: AppSpec): string {
	if (image === undefined) return git?.commitish ?? "";
	const split = (text: string | undefined) => /^(.+?)([:@][^/]+)?$/.exec(text ?? "")?.slice(1) ?? [];
	const [repository, tag] = split(image);
	const isSame = split(before?.image)[0] === repository;
	return isSame && tag !== undefined ? tag.slice(1) : image;
}

function isSameSize(
	before: { containerMb: number; containerProfile: string },
	after: { containerMb: number; containerProfile: string },
): boolean {
	return before.containerMb === after.containerMb && before.containerProfile === after.containerProfile;
}
