/** Host names of the endpoints that a stage's apps may refer to, as they are on Aptible. */
import { looksLike } from "../aptible/endpoint/find.ts";
import type { Stage } from "../config/stage.ts";
import { identifyAppEndpoint } from "../config/to-spec/endpoint.ts";
import { lookUp } from "../wire/own.ts";
import { readEndpointReference } from "../wire/references.ts";
import type { RecordedCommand } from "./recorded.ts";
import type { Snapshot } from "./snapshot.ts";
import type { Values } from "./snapshot-values.ts";

/** The host name behind a reference to an endpoint; undefined where that is not there, and for other references. */
export function hostsOf(
	{ apps: live }: Pick<Snapshot, "apps">,
	{ apps }: Pick<Stage, "apps">,
	recorded: readonly RecordedCommand[],
): Values {
	return (reference) => {
		const wanted = readEndpointReference(reference);
		const endpoint = wanted && lookUp(lookUp(apps, wanted.app)?.endpoints ?? {}, wanted.endpoint);
		const owner = live.find(({ app }) => app.handle === wanted?.app);
		if (wanted === undefined || endpoint === undefined || owner === undefined) return undefined;
		const listed = owner.endpoints.map((one) => one.listed);
		const ids = recorded.filter(({ kind, spec }) => kind === "endpoint" && isOf(spec, wanted));
		const alike = listed.filter((one) => looksLike(one, identifyAppEndpoint(endpoint)));
		const ours = listed.filter(({ id }) => ids.some(({ facts }) => facts.id === id));
		const found =
			// A killed update may have left the former one beside it.
			ours.find((one) => alike.includes(one)) ??
			ours[0] ??
			// Which of several it is, its claim says, and that is made later.
			(alike.length === 1 ? alike[0] : undefined);
		// The domain of one that has one is in the spec itself.
		return found?.defaultDomain ?? found?.hostname;
	};
}

/** Whether the spec of a recorded Command is that of an endpoint. */
function isOf(spec: unknown, { app, endpoint }: { app: string; endpoint: string }): boolean {
	const { on, name } = spec as { on?: { app?: string }; name?: string };
	return on?.app === app && name === endpoint;
}
