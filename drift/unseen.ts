/** What of the recorded objects is hidden, so that a look finds no difference in it whatever it is like. */
import type { z } from "zod";
import { destinationOf, findHiddenFields } from "../aptible/drain/destination.ts";
import { readLogDrainState } from "../aptible/drain/log-drain.ts";
import { readMetricDrainState } from "../aptible/drain/metric-drain.ts";
import { AppSpec } from "../wire/app.ts";
import { DatabaseSpec } from "../wire/database.ts";
import { logDrainKinds, metricDrainKinds } from "../wire/drain-kinds.ts";
import { EndpointSpec } from "../wire/endpoint.ts";
import { endpointLabel } from "../wire/endpoint-identity.ts";
import { LogDrainSpec } from "../wire/log-drain.ts";
import { MetricDrainSpec } from "../wire/metric-drain.ts";
import { hiddenOfApp, hiddenOfDatabase } from "./figures.ts";
import type { RecordedCommand } from "./recorded.ts";
import type { Snapshot } from "./snapshot.ts";

/** One sentence for each object that has something declared which is hidden. */
export function unseenIn(snapshot: Snapshot, recorded: readonly RecordedCommand[]): string[] {
	const { apps, databases, logDrains, metricDrains } = snapshot;
	const handles = databases.map(({ listed }) => listed);
	const endpoints = [...apps, ...databases].flatMap((owner) => owner.endpoints);
	return recorded.flatMap(({ kind, spec, facts: { id } }) => {
		switch (kind) {
			case "app":
				return read(AppSpec, spec, (declared) => {
					const { handle, config, registry, releasedBy } = declared;
					const live = apps.find(({ app }) => app.id === id);
					return [
						...tell(`app "${handle}"`, [
							...(live?.config === "hidden" && Object.keys(config).length > 0 ? ["config"] : []),
							...(live?.settings.registry === "hidden" && registry !== undefined && releasedBy !== "ci"
								? ["registry"]
								: []),
						]),
						...tellFigures(`app "${handle}"`, live === undefined ? [] : hiddenOfApp(declared, live)),
					];
				});
			case "permissions":
				return snapshot.permissions === "hidden"
					? [
							"environment.permissions: this token may not see the roles of the organization, so whether that has drifted is unknown.",
						]
					: [];
			case "database":
				return read(DatabaseSpec, spec, ({ handle }) => {
					const live = databases.find(({ listed }) => listed.id === id && listed.status === "provisioned");
					return tellFigures(`database "${handle}"`, live === undefined ? [] : hiddenOfDatabase(live));
				});
			case "endpoint":
				return read(EndpointSpec, spec, ({ name, on, certificate, certificateFingerprint }) => {
					const live = endpoints.find(({ listed }) => listed.id === id);
					const isDeclared = certificate !== undefined || certificateFingerprint !== undefined;
					const isHidden = isDeclared && live?.details?.certificate === "hidden";
					return tell(endpointLabel(name, on), isHidden ? ["certificate"] : []);
				});
			case "log-drain":
				return read(LogDrainSpec, spec, (declared) => {
					const live = logDrains.find((one) => one.id === id);
					const state = live && readLogDrainState(live, handles).destination;
					const hidden = live && findHiddenFields(destinationOf(logDrainKinds, declared), state);
					return tell(`log drain "${declared.name}"`, hidden ?? []);
				});
			case "metric-drain":
				return read(MetricDrainSpec, spec, (declared) => {
					const live = metricDrains.find((one) => one.id === id);
					const state = live && readMetricDrainState(live, handles).destination;
					const hidden = live && findHiddenFields(destinationOf(metricDrainKinds, declared), state);
					return tell(`metric drain "${declared.name}"`, hidden ?? []);
				});
			default:
				return [];
		}
	});
}

/** What an older version of this program recorded may have another form; there is nothing to compare it with then. */
function read<Form extends z.ZodType>(form: Form, spec: unknown, judge: (spec: z.infer<Form>) => string[]): string[] {
	const parsed = form.safeParse(spec);
	return parsed.success ? judge(parsed.data) : [];
}

function tell(label: string, hidden: readonly string[]): string[] {
	if (hidden.length === 0) return [];
	return [
		`${label}: this token may not see its ${hidden.join(", ")}, so whether that has drifted is unknown. Give the token's role the ` +
			"permission `sensitive`.",
	];
}

function tellFigures(label: string, hidden: readonly string[]): string[] {
	if (hidden.length === 0) return [];
	return [
		`${label}: Aptible does not show its ${hidden.join(", ")}, so whether that has drifted is unknown. Run the command again. If it ` +
			"stays so, ask Aptible's support (https://app.aptible.com/support).",
	];
}
