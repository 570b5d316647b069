/** A live app as a stage file says it. */
import type { ApiPolicy } from "../aptible/api/service.ts";
import { autoscaleParameters } from "../aptible/app/autoscaling.ts";
import { isOfCi } from "../aptible/app/ci.ts";
import { gitRefOf } from "../aptible/app/release.ts";
import type { LiveService } from "../aptible/app/services.ts";
import { HorizontalAutoscale, VerticalAutoscale } from "../config/autoscale.ts";
import { ownAptibleConfig, retiredConfig } from "../config/catalogue.ts";
import { Service } from "../config/service.ts";
import type { SnapshotApp } from "../drift/snapshot.ts";
import { type Block, lean } from "../stage-file/block.ts";
import { lookUp } from "../wire/own.ts";
import { optionEntries } from "../wire/service-options.ts";
import { literal } from "../wire/template.ts";
import type { DatabaseValues } from "./database-values.ts";
import { adoptEndpoints } from "./endpoints.ts";
import type { Notes } from "./notes.ts";
import { findSasEnd } from "./sas.ts";
import { isHarmless } from "./secrets.ts";

/** An app; undefined, with a note, where it was never released. */
export function adoptApp(live: SnapshotApp, databases: DatabaseValues, notes: Notes): Block | undefined {
	const { app, settings, services, endpoints } = live;
	const label = `app "${app.handle}"`;
	const commit = gitRefOf(app);
	if (app.status !== "provisioned" || (commit === undefined && settings.image === undefined)) {
		notes.add(label, "it was never released, so there is nothing to declare of it; it is left alone");
		return undefined;
	}
	if (app.lastDeploy?.status === "failed") {
		notes.add(label, "its last deploy failed, so `pulumi up` deploys once more");
	}
	return {
		...(commit === undefined ? { image: settings.image } : { git: { commitish: commit } }),
		...releasedByOf(label, live.config, notes),
		...registryOf(label, settings.registry, notes),
		config: configOf(label, live.config, databases, notes),
		services: Object.fromEntries(services.map((service) => [service.service, serviceOf(label, service, notes)])),
		...(endpoints.length === 0 ? {} : { endpoints: adoptEndpoints(app.handle, endpoints, notes) }),
		adopt: true,
	};
}

/** What Aptible's GitHub Action leaves in the config of each app that it deploys. */
function releasedByOf(label: string, config: SnapshotApp["config"], notes: Notes): Block {
	if (config === "hidden" || ![...config.keys()].some(isOfCi)) return {};
	notes.add(
		label,
		"its config has what Aptible's GitHub Action sets when it deploys, so `releasedBy: ci` is a guess; without that line `pulumi up` " +
			"takes back what CI deploys",
	);
	return { releasedBy: "ci" };
}

function registryOf(label: string, registry: SnapshotApp["settings"]["registry"], notes: Notes): Block {
	if (registry === "hidden") {
		notes.add(label, "this token may not see whether it has credentials of a private registry; they are left alone");
	}
	if (registry === undefined || registry === "hidden") return {};
	const { username = "", password = "" } = registry;
	const reference = notes.secrets.refer("registryPassword", password, `${label}, password of its registry`);
	return { registry: { username: literal(username), password: reference } };
}

function configOf(label: string, config: SnapshotApp["config"], databases: DatabaseValues, notes: Notes): Block {
	if (config === "hidden") {
		notes.add(label, "this token may not see its config, which is left alone");
		return {};
	}
	const parts = databases.findParts(config);
	const entries = [...config].sort(([a], [b]) => (a < b ? -1 : 1));
	return Object.fromEntries(
		entries.flatMap(([key, value]) => {
			const reason = notDeclarable(key);
			if (reason === undefined) {
				const part = parts.get(key);
				const known = part === undefined ? databases.findUrl(value) : `\${${part}}`;
				return [[key, known ?? configValue(label, key, value, notes)]];
			}
			if (isOfCi(key)) return [];
			notes.add(label, `config key ${key} ${reason}; it is left alone`);
			return [];
		}),
	);
}

function notDeclarable(key: string): string | undefined {
	const setting = lookUp(retiredConfig, key);
	if (setting !== undefined) return `is no config variable any more; what it did is ${setting}`;
	if (key.startsWith("APTIBLE_") && key !== ownAptibleConfig) return "is Aptible's own";
	return /^[A-Za-z_][A-Za-z0-9_]*$/.test(key) ? undefined : "is not the name of a variable";
}

function configValue(label: string, key: string, value: string, notes: Notes): string {
	const end = findSasEnd(value);
	if (end !== undefined) {
		notes.add(
			label,
			`config ${key} has a SAS of Azure storage that ends ${end}, and nothing renews it; with \`storage\` in the stage file each ` +
				"update does (docs/azure.md)",
		);
	}
	return isHarmless(key, value) ? value : notes.secrets.refer(key, value, `${label}, config ${key}`);
}

function serviceOf(label: string, service: LiveService, notes: Notes): Block {
	const { containerCount, containerMb, containerProfile, policy } = service;
	const autoscale = policy && autoscaleOf(`${label}, service "${service.service}"`, policy, notes);
	const defaults = Service.parse({});
	if (containerCount === undefined || containerMb === undefined) {
		notes.add(
			label,
			`how much of service "${service.service}" runs is not shown by Aptible; write its containers and containerMb yourself`,
		);
	}
	const size = { ...lean({ containerMb }), ...lean({ containerProfile }, defaults) };
	return {
		...(autoscale?.kind === "horizontal" ? {} : lean({ containers: containerCount })),
		...(autoscale?.kind === "vertical" ? {} : size),
		...adoptOptions(service.options),
		...(autoscale === undefined ? {} : { autoscale }),
	};
}

/** How a service is released, as far as that is not Aptible's own way. */
export function adoptOptions(options: LiveService["options"]): Block {
	const shown = optionEntries.map(([name]) => [name, options[name]]);
	return lean(Object.fromEntries(shown), Object.fromEntries(optionEntries.map(([name, { unset }]) => [name, unset])));
}

function autoscaleOf(label: string, policy: ApiPolicy, notes: Notes): Block | undefined {
	const { autoscaling: kind } = policy;
	if (kind !== "horizontal" && kind !== "vertical") {
		notes.add(label, `a stage file has no autoscaling of kind ${kind}; \`pulumi up\` would end it`);
		return undefined;
	}
	if (!policy.scaling_enabled) {
		notes.add(
			label,
			"it has an autoscaling policy that is switched off, which a stage file cannot say; `pulumi up` ends it",
		);
		return undefined;
	}
	const shown = Object.entries(autoscaleParameters[kind]).map(([field, name]) => [field, policy[name]]);
	const minimal = { kind, min: 1, max: 2, minCpu: 0.1, maxCpu: 0.9 };
	const {
		min: _min,
		max: _max,
		minCpu: _minCpu,
		maxCpu: _maxCpu,
		...defaults
	}: Block = kind === "horizontal" ? HorizontalAutoscale.parse(minimal) : VerticalAutoscale.parse({ kind });
	return { kind, ...lean(Object.fromEntries(shown), { ...defaults, kind: undefined }) };
}
