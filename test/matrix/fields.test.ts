/** The matrix leaves no field out: each one of a spec is changed by some subject, or said to be fixed. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { AppSpec } from "../../wire/app.ts";
import { ClaimsSpec } from "../../wire/claims.ts";
import { DatabaseSpec } from "../../wire/database.ts";
import { EndpointSpec } from "../../wire/endpoint.ts";
import { EnvironmentSpec } from "../../wire/environment.ts";
import { LeftoversSpec } from "../../wire/leftovers.ts";
import { LogDrainSpec } from "../../wire/log-drain.ts";
import { MetricDrainSpec } from "../../wire/metric-drain.ts";
import { PermissionsSpec } from "../../wire/permissions.ts";
import { AutoscaleSpec, ServiceSpec } from "../../wire/service.ts";
import { apps } from "./apps.ts";
import { claims } from "./claims.ts";
import { databases } from "./databases.ts";
import { drains } from "./drains.ts";
import { endpoints } from "./endpoints.ts";
import { environments } from "./environments.ts";
import type { Kind } from "./reconcilers.ts";
import type { Subject } from "./subject.ts";

const subjects: readonly Subject[] = [...claims, ...environments, ...databases, ...apps, ...endpoints, ...drains];

/** Fields by the kind of their subject; `under` is what comes before them in the names of changes. */
const forms: readonly { kind: Kind; under: string; fields: readonly string[] }[] = [
	{ kind: "claims", under: "", fields: Object.keys(ClaimsSpec.shape) },
	{ kind: "environment", under: "", fields: Object.keys(EnvironmentSpec.shape) },
	{ kind: "permissions", under: "", fields: Object.keys(PermissionsSpec.shape) },
	{ kind: "leftovers", under: "", fields: Object.keys(LeftoversSpec.shape) },
	{ kind: "database", under: "", fields: Object.keys(DatabaseSpec.shape) },
	{ kind: "app", under: "", fields: Object.keys(AppSpec.shape) },
	{ kind: "app", under: "services.", fields: Object.keys(ServiceSpec.shape) },
	...AutoscaleSpec.options.map((form) => ({
		kind: "app" as const,
		under: "services.autoscale.",
		fields: Object.keys(form.shape).filter((field) => field !== "kind"),
	})),
	{ kind: "endpoint", under: "", fields: Object.keys(EndpointSpec.shape) },
	{ kind: "endpoint", under: "settings.", fields: Object.keys(EndpointSpec.shape.settings.shape) },
	...LogDrainSpec.options.map((form) => ({ kind: "log-drain" as const, under: "", fields: Object.keys(form.shape) })),
	...MetricDrainSpec.options.map((form) => ({
		kind: "metric-drain" as const,
		under: "",
		fields: Object.keys(form.shape),
	})),
];

test("each field of each spec is changed somewhere, or cannot change", () => {
	const missing = forms.flatMap(({ kind, under, fields }) => {
		const own = subjects.filter((subject) => subject.kind === kind);
		const changed = own.flatMap(({ changes }) => Object.keys(changes).flatMap((name) => name.split(", ")));
		const fixed = under === "" ? own.flatMap((subject) => subject.fixed) : [];
		const isCovered = (field: string) => {
			const name = `${under}${field}`;
			return (
				fixed.includes(field) || changed.some((one) => new RegExp(`^${name.replaceAll(".", "\\.")}(\\W|$)`).test(one))
			);
		};
		return fields.filter((field) => !isCovered(field)).map((field) => `${kind}: ${under}${field}`);
	});
	assert.deepEqual(missing, []);
});
