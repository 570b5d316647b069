import type { Difference } from "../../wire/difference.ts";
import type { EndpointFacts, EndpointSpec } from "../../wire/endpoint.ts";
import { clearPorts } from "../api/endpoint.ts";
import { listOperations } from "../api/operation.ts";
import type { CliOptions } from "../cli/command-line.ts";
import { modifyEndpoint } from "../cli/endpoint.ts";
import { AptibleError } from "../client/errors.ts";
import type { Context } from "../context.ts";
import { certificateDue, certificateMarks, type FilledCertificate, withCertificate } from "./certificate.ts";
import { changedSettings, changeOptions, diffEndpoint, recordOf } from "./differences.ts";
import { type LiveEndpoint, objectOf, observe, toLocator } from "./observe.ts";

/** What an endpoint is compared with, beside its spec. */
export interface Surroundings {
	environmentId: number;
	own: FilledCertificate | undefined;
	previous: EndpointFacts | undefined;
}

/** Changes what differs, all in one operation. A modify with nothing to change provisions all the same, so it is not sent for nothing. */
export async function sync(
	context: Context,
	spec: EndpointSpec,
	live: LiveEndpoint,
	{ environmentId, own, previous }: Surroundings,
): Promise<LiveEndpoint> {
	const { id, hostname } = live.listed;
	const object = objectOf(spec, id);
	const differencesOf = ({ listed, details }: LiveEndpoint) => diffEndpoint(spec, listed, details, own?.fingerprint);
	const differences = differencesOf(live);
	const due = certificateDue(differences, live.details, certificateMarks(spec, own), previous);
	if (differences.length === 0 && due === undefined && !(await isUnserved(context, live, previous))) return live;
	if (spec.ports.length === 0) await clearDroppedPorts(context, id, differences);
	const modify = (certificate: CliOptions) =>
		modifyEndpoint(context.cli, toLocator(spec), spec.kind, hostname ?? "", {
			...changeOptions(spec, differences),
			...certificate,
		});
	const fields = new Set([...differences.map(({ field }) => field), ...(due === undefined ? [] : ["certificate"])]);
	const what = fields.size > 0 ? `changing ${[...fields].join(", ")}` : "provisioning what was changed before";
	const carries = { type: "provision", settings: changedSettings(differences) };
	await context.operate(object, { doing: what, carries }, () =>
		due === undefined ? modify({}) : withCertificate(context, spec, environmentId, own, due, modify),
	);
	const changed = await observe(context, spec, id, (shown) => differencesOf(shown).length === 0);
	const left = differencesOf(changed);
	if (left.length === 0) return changed;
	const text = left.map(({ field, declared, live: shown }) => `${field} ${shown} instead of ${declared}`).join(", ");
	throw new AptibleError(`${object.label} was changed, but Aptible still shows ${text}. Run \`pulumi up\` again.`);
}

/**
 * Whether the load balancer lacks what the record says. A run that is killed between the two, and a provision operation that failed,
 * leave a list that shows, say, an IP filter which is not in force.
 */
async function isUnserved(
	context: Context,
	{ listed, details }: LiveEndpoint,
	previous: EndpointFacts | undefined,
): Promise<boolean> {
	const operations = await listOperations(context.api, "vhosts", listed.id);
	const newest = operations.find(({ type }) => type === "provision");
	if (newest?.status === "failed") return true;
	if (previous?.id !== listed.id || previous.operation === 0) return false;
	const isProvisioned = (newest?.id ?? 0) > previous.operation;
	const isChanged = recordOf(listed, details) !== previous.record;
	// Unchanged in spite of an operation: what somebody changed and provisioned may have been taken back in the record alone.
	return isChanged !== isProvisioned;
}

async function clearDroppedPorts(context: Context, id: number, differences: readonly Difference[]): Promise<void> {
	for (const { field } of differences) {
		if (field === "port") await clearPorts(context.api, id, "container_port");
		if (field === "ports") await clearPorts(context.api, id, "container_ports");
	}
}
