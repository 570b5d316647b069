import * as pulumi from "@pulumi/pulumi";
import {
	addressOf,
	type DnsRecord,
	EndpointFacts,
	type EndpointSpec,
	endpointIdentity,
} from "../aptible/specs/endpoint.ts";
import type { Endpoint as EndpointConfig } from "../config/endpoint.ts";
import { AptibleCommand } from "./aptible-command.ts";

/** An endpoint as the stage file describes it. */
export interface EndpointArgs extends EndpointConfig {
	/** Its name in the stage file. */
	name: string;
	/** Handle of its app. */
	app: string;
	/** Handle of its app's environment. */
	environment: string;
}

/**
 * An HTTPS endpoint: a load balancer in front of one service. IP filter, port and settings change in place; service, domain
 * and `internal` are refused. Deleting it takes it off the network at once.
 */
export class Endpoint extends pulumi.ComponentResource {
	/** Host name that Aptible gave it: the target of the domain's CNAME record. */
	readonly hostname: pulumi.Output<string>;
	/** Address to open. */
	readonly url: pulumi.Output<string>;
	/** Records that the owner of the domain makes; none for a default domain. */
	readonly dnsRecords: pulumi.Output<DnsRecord[]>;

	constructor(name: string, args: EndpointArgs, opts?: pulumi.ComponentResourceOptions) {
		super("medstack-to-aptible:index:Endpoint", name, {}, opts);
		const { facts } = new AptibleCommand(
			name,
			{ kind: "endpoint", spec: specOf(args), facts: EndpointFacts, refuse: refuseOtherIdentity },
			{ parent: this, ...(opts?.aliases === undefined ? {} : { aliases: opts.aliases }) },
		);
		this.hostname = facts.hostname;
		this.url = facts.url;
		this.dnsRecords = facts.dnsRecords;
		this.registerOutputs({ hostname: this.hostname, url: this.url, dnsRecords: this.dnsRecords });
	}
}

function specOf(args: EndpointArgs): EndpointSpec {
	const { environment, app, name, service, defaultDomain, domain, internal, port, ipFilter } = args;
	return {
		environment,
		app,
		name,
		service,
		kind: "https",
		defaultDomain,
		domain,
		internal,
		port,
		ipFilter: [...ipFilter].sort(),
		settings: {
			force_ssl: args.forceSsl,
			idle_timeout: args.idleTimeoutSeconds,
			maintenance_page_url: args.maintenancePageUrl,
			release_healthcheck_timeout: args.releaseHealthcheckTimeoutSeconds,
			show_elb_healthchecks: args.showElbHealthchecks,
			ssl_protocols_override: args.sslProtocols,
			strict_health_checks: args.strictHealthChecks,
		},
	};
}

function refuseOtherIdentity(before: EndpointSpec, after: EndpointSpec): string | undefined {
	const shown = (spec: EndpointSpec) => ({ ...spec, address: addressOf(spec) });
	return endpointIdentity(`endpoint "${before.name}" of app "${before.app}"`, shown(before), shown(after));
}
