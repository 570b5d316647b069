import * as pulumi from "@pulumi/pulumi";
import type { Environment as EnvironmentConfig } from "../config/environment.ts";
import { PermissionsFacts } from "../wire/permissions.ts";
import { AptibleCommand } from "./aptible-command.ts";
import type { Environment } from "./environment.ts";

/**
 * What roles may do in the environment. Deleting it does nothing, so that it is never protected. Nothing waits for it: a role that was renamed
 * in the dashboard fails it, and stops no deploy.
 */
class Permissions extends pulumi.ComponentResource {
	constructor(
		name: string,
		args: { environment: string; roles: NonNullable<EnvironmentConfig["permissions"]> },
		opts: pulumi.ComponentResourceOptions,
	) {
		super("medstack-to-aptible:index:Permissions", name, {}, { ...opts, protect: false });
		const { environment, roles } = args;
		const sorted = Object.fromEntries(Object.entries(roles).sort(([a], [b]) => (a < b ? -1 : 1)));
		new AptibleCommand(
			name,
			{ kind: "permissions", spec: { environment, roles: sorted }, facts: PermissionsFacts },
			{ parent: this, ...(opts.dependsOn === undefined ? {} : { dependsOn: opts.dependsOn }) },
		);
		this.registerOutputs({});
	}
}

/** Declares the permissions of a stage that says something of them. */
export function declarePermissions({ handle, permissions }: EnvironmentConfig, environment: Environment): void {
	if (permissions === undefined) return;
	new Permissions("environment-permissions", { environment: handle, roles: permissions }, { dependsOn: environment });
}
