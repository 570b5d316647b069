import type { AppFacts, AppSpec, Release } from "../../wire/app.ts";
import { isOfCi as isSetByCi } from "./ci.ts";
import type { LiveApp } from "./differences.ts";
import { diffRegistry, warnOfTag } from "./release.ts";
import { findMissingServices } from "./services.ts";
import type { ResolvedValues } from "./values.ts";

/** What a person should know of an app. */
export function warnOfApp(
	spec: AppSpec,
	live: LiveApp,
	{
		values,
		foreign,
		previous,
		now,
	}: { values: ResolvedValues; foreign: readonly string[]; previous: AppFacts | undefined; now: Release | undefined },
): string[] {
	return [
		...warnOfForeign(spec, foreign),
		// What CI may change with its next release, this run cannot say for later previews.
		...(spec.releasedBy === "ci"
			? []
			: [
					...undeclaredWarnings(spec, live),
					...registryWarnings(spec, live, values, previous),
					...warnOfTag(spec.image, now, previous?.release),
				]),
	];
}

/** Config keys that were not set from here. */
export function warnOfForeign({ handle, environment, releasedBy }: AppSpec, keys: readonly string[]): string[] {
	return (releasedBy === "ci" ? keys.filter((key) => !isSetByCi(key)) : keys).map((key) =>
		/^APTIBLE_(DOCKER_IMAGE|PRIVATE_REGISTRY_)/.test(key)
			? `config key ${key} is left from before 2026-05-04, when it became a setting of the app; remove it with ` +
				`\`aptible config:unset --app ${handle} --environment ${environment} ${key}\``
			: `config key ${key} is set on Aptible and not in the stage file; it was not set from here and is left alone`,
	);
}

/** How the services of an app that CI releases are not those of the stage file. */
export function tellServices(spec: AppSpec, live: Pick<LiveApp, "services">): string[] {
	const missing = findMissingServices(spec, live.services).map(
		(name) =>
			`service "${name}" is in the stage file and not in what runs: a release that has it starts it with 1 x 1024 MB, and the next ` +
			`\`pulumi up\` makes it as declared. If none is to come, remove apps.${spec.handle}.services.${name}`,
	);
	return [...missing, ...undeclaredWarnings(spec, live)];
}

function undeclaredWarnings(spec: AppSpec, { services }: Pick<LiveApp, "services">): string[] {
	return services
		.filter(({ service }) => !Object.hasOwn(spec.services, service))
		.map(({ service, containerCount: count, containerMb: mb }) => {
			const what = count === 0 ? "it has 0 containers" : `it runs ${count ?? "?"} x ${mb ?? "?"} MB`;
			const start = `aptible apps:scale --app ${spec.handle} --environment ${spec.environment} --container-count 1 -- ${service}`;
			const how = count === 0 ? `; to start it: \`${start}\`` : "";
			return `service "${service}" is in the release and not in the stage file: ${what} and is left alone${how}`;
		})
		.sort();
}

/** Credentials that wait for a deploy, and those that nobody can tell of. */
function registryWarnings(
	spec: AppSpec,
	{ settings }: LiveApp,
	values: ResolvedValues,
	previous: AppFacts | undefined,
): string[] {
	const differences = diffRegistry(values.registry, settings.registry, previous?.ownsRegistry === true);
	if (differences.length === 0) return [];
	if (spec.registry === undefined) {
		return settings.registry === "hidden"
			? []
			: ["the registry's credentials are on Aptible until the next deploy of another reason, which removes them"];
	}
	if (settings.registry === "hidden") {
		const then =
			spec.registry.deployOnChange === true
				? "every run that touches this app deploys it again"
				: "each deploy sends them";
		return [
			`this token may not see the registry's credentials, so ${then}; give its role the permission \`sensitive\``,
		];
	}
	return [tellWaitingCredentials(spec)];
}

/** That credentials wait, and how they would not. */
export function tellWaitingCredentials({ handle }: AppSpec): string {
	return (
		"the registry's credentials in the stage file are not on Aptible yet: the next deploy of another reason sends them; to deploy " +
		`for their sake, write \`deployOnChange: true\` under apps.${handle}.registry`
	);
}
