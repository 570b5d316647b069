import * as pulumi from "@pulumi/pulumi";
import { ClaimsFacts, type ClaimsSpec } from "../aptible/specs/claims.ts";
import { mapValues } from "../config/map-values.ts";
import type { Stage } from "../config/stage.ts";
import { AptibleCommand } from "./aptible-command.ts";

/** Values of the `Claims` component. */
export interface ClaimsArgs {
	stage: Stage;
}

/**
 * The handles that the stage takes on Aptible, claimed before anything is created: a live object under one of them fails the
 * update, unless the stage says `adopt`. Everything else depends on it. Removing it removes nothing.
 */
export class Claims extends pulumi.ComponentResource {
	constructor(name: string, args: ClaimsArgs, opts?: pulumi.ComponentResourceOptions) {
		super("medstack-to-aptible:index:Claims", name, {}, opts);
		new AptibleCommand(name, { kind: "claims", spec: claimsOf(args.stage), facts: ClaimsFacts }, { parent: this });
		this.registerOutputs({});
	}
}

function claimsOf({ environment, databases, apps }: Stage): ClaimsSpec {
	const claim = ({ adopt, renamedFrom }: { adopt: boolean; renamedFrom?: string | undefined }) => ({
		adopt,
		renamedFrom,
	});
	return {
		environment: { handle: environment.handle, ...claim(environment) },
		databases: mapValues(databases, claim),
		apps: mapValues(apps, (app) => ({
			...claim(app),
			endpoints: mapValues(app.endpoints, ({ adopt, defaultDomain, domain }) => ({ adopt, defaultDomain, domain })),
		})),
	};
}
