import * as pulumi from "@pulumi/pulumi";
import { mapValues } from "../config/map-values.ts";
import type { Stage } from "../config/stage.ts";
import { identifyAppEndpoint, identifyDatabaseEndpoint } from "../config/to-spec/endpoint.ts";
import { refuseNightStep } from "../drift/drift.ts";
import { ClaimsFacts, type ClaimsSpec } from "../wire/claims.ts";
import { announceEndpointMoves, refuseEndpointMoves } from "../wire/endpoint-claims.ts";
import type { EndpointIdentity } from "../wire/endpoint-identity.ts";
import { announceMoveStep, isNightStep, type RecordState, refuseFirstPhase, refuseMoveStep } from "../wire/move.ts";
import { AptibleCommand } from "./aptible-command.ts";

/** Values of the `Claims` component. */
export interface ClaimsArgs {
	stage: Stage;
	/** What there is of the record of the stage's move; asked for where its phase changes. */
	moveRecordState(): RecordState;
}

/**
 * The handles that the stage takes on Aptible, claimed before anything is created: a live object under one of them fails the
 * update, unless the stage says `adopt`. Everything else depends on it. Removing it, last of all, removes nothing.
 */
export class Claims extends pulumi.ComponentResource {
	/** What has been claimed. */
	readonly facts: pulumi.Output<ClaimsFacts>;
	/**
	 * Whether it is noted when each handle was claimed. It is not in a state of version 0.1, until the claims run again: what needs
	 * to know it is not declared before, so that such a state previews as unchanged.
	 */
	readonly areMarked: Promise<boolean>;

	constructor(name: string, args: ClaimsArgs, opts?: pulumi.ComponentResourceOptions) {
		super("medstack-to-aptible:index:Claims", name, {}, opts);
		const { stage, moveRecordState } = args;
		const refuseStep = (before: ClaimsSpec, after: ClaimsSpec) => {
			const isStep = before.move !== undefined && before.move.phase !== after.move?.phase;
			const record = isStep ? moveRecordState() : "none";
			return refuseMoveStep(before.move, after.move, { stage: pulumi.getStack(), record });
		};
		// Into a phase of the night, and in one, the program itself has asked.
		const refuseWayOut = async (before: ClaimsSpec, after: ClaimsSpec) =>
			isNightStep(after.move, undefined) ? undefined : refuseNightStep(before.move, after.move);
		const { facts, resource } = new AptibleCommand(
			name,
			{
				kind: "claims",
				spec: claimsOf(stage),
				facts: ClaimsFacts,
				refuse: async (before, after) =>
					refuseStep(before, after) ?? (await refuseWayOut(before, after)) ?? refuseEndpointMoves(before, after),
				refuseFirst: (first) => refuseFirstPhase(first.move, pulumi.getStack()),
				announce: (before, after) => [
					...announceMoveStep(before.move, after.move, pulumi.getStack()),
					...announceEndpointMoves(before, after),
				],
			},
			{ parent: this },
		);
		this.facts = facts;
		this.areMarked = whetherMarked(resource.stdout);
		this.registerOutputs({});
	}

	/** What was noted of a handle when it was claimed, as JSON, by its place; `null` where nothing was, or it is adopted. */
	mark(place: string, { adopt }: { adopt: boolean }): pulumi.Output<string> {
		return this.facts.apply(({ marks }) => JSON.stringify((adopt ? undefined : marks[place]) ?? null));
	}

	/** What was claimed of an endpoint, as JSON, by its `endpointPlace`. */
	endpointClaim(place: string): pulumi.Output<string> {
		return this.facts.apply(({ endpoints }) => JSON.stringify(endpoints[place] ?? { after: 0 }));
	}
}

/**
 * In a preview, what the claims print is unknown where they are going to run, and so it is after they have failed in an update that goes
 * on (`--continue-on-error`). That counts as noted: what is not declared is deleted.
 */
async function whetherMarked(stdout: pulumi.Output<string>): Promise<boolean> {
	// Not in the SDK's types; `apply` says nothing of what is unknown and nothing of a failure. The SDK's version is pinned.
	const inner = stdout as unknown as { isKnown: Promise<boolean>; promise(): Promise<string> };
	try {
		return !(await inner.isKnown) || "marks" in (JSON.parse(await inner.promise()) as object);
	} catch {
		return true;
	}
}

function claimsOf({ environment, databases, apps, logDrains, metricDrains, move }: Stage): ClaimsSpec {
	const claim = ({ adopt, renamedFrom }: { adopt: boolean; renamedFrom?: string | undefined }) => ({
		adopt,
		renamedFrom,
	});
	return {
		environment: { handle: environment.handle, ...claim(environment) },
		databases: mapValues(databases, (database) => ({
			...claim(database),
			endpoints: claimEndpoints(database.endpoints, identifyDatabaseEndpoint),
		})),
		apps: mapValues(apps, (app) => ({
			...claim(app),
			endpoints: claimEndpoints(app.endpoints, identifyAppEndpoint),
		})),
		logDrains: mapValues(logDrains, ({ adopt }) => ({ adopt })),
		metricDrains: mapValues(metricDrains, ({ adopt }) => ({ adopt })),
		...(move === undefined ? {} : { move: { phase: move.phase } }),
	};
}

function claimEndpoints<T extends { adopt: boolean; renamedFrom?: string | undefined }>(
	endpoints: Readonly<Record<string, T>>,
	identityOf: (endpoint: T) => EndpointIdentity,
) {
	return mapValues(endpoints, (endpoint) => {
		const { adopt, renamedFrom } = endpoint;
		return { adopt, renamedFrom, ...identityOf(endpoint) };
	});
}
