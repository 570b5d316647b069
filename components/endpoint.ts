import * as pulumi from "@pulumi/pulumi";
import { type DnsRecord, EndpointFacts, type EndpointSpec, refuseEndpointChange } from "../wire/endpoint.ts";
import { hostIn } from "../wire/endpoint-address.ts";
import { endpointKey } from "../wire/endpoint-identity.ts";
import { AptibleCommand } from "./aptible-command.ts";
import { chooseValues } from "./secret-values.ts";

/** An endpoint, and what is known of it. */
export interface EndpointArgs {
	spec: EndpointSpec;
	/** Whether one that is there is taken over. */
	adopt: boolean;
	/** Values by reference; the Command gets those of its certificate. */
	values: Readonly<Record<string, pulumi.Output<string>>>;
	/** What the claims say of it, as JSON. */
	claim: pulumi.Output<string>;
	/** Ids of the endpoints with the same identity that were declared before it, as JSON. */
	taken: pulumi.Output<string>;
	/** Names that the component had before. */
	formerNames: readonly string[];
}

/**
 * An endpoint: a load balancer in front of one service of an app, or of a database. Ports, IP filter, certificate and settings
 * change in place.
 *
 * Its Command is named by its identity. Where that changes, a second endpoint so comes up before the first goes, both in one
 * update; where both cannot be there at once, the name stays and the change is refused. Deleting it takes it off the network.
 */
export class Endpoint extends pulumi.ComponentResource {
	/** Id of the endpoint on Aptible. */
	readonly id: pulumi.Output<number>;
	/** Host name that Aptible gave it: the target of the domain's CNAME record. */
	readonly hostname: pulumi.Output<string>;
	/** Address to open; its scheme goes by the kind: `https`, `grpcs`, `tls`, `tcp`. */
	readonly url: pulumi.Output<string>;
	/** Host name in that address. */
	readonly host: pulumi.Output<string>;
	/** Records that the owner of the domain makes; none without a domain. */
	readonly dnsRecords: pulumi.Output<DnsRecord[]>;
	/** For `dependsOn`. */
	readonly command: pulumi.Resource;

	constructor(name: string, args: EndpointArgs, opts?: pulumi.ComponentResourceOptions) {
		const { spec, adopt, values, claim, taken, formerNames } = args;
		const key = endpointKey(spec);
		const aliases = formerNames.map((former) => ({ name: former }));
		super("medstack-to-aptible:index:Endpoint", name, {}, { ...opts, aliases });
		const { facts, resource } = new AptibleCommand(
			`${name}-${key}`,
			{
				kind: "endpoint",
				spec,
				facts: EndpointFacts,
				secrets: chooseValues(Object.values(spec.certificate ?? {}), values),
				hints: { "hints.claim": claim, "hints.taken": taken },
				refuse: refuseEndpointChange,
				adopt,
			},
			{ parent: this, aliases: formerNames.map((former) => ({ name: `${former}-${key}` })) },
		);
		this.id = facts.id;
		this.hostname = facts.hostname;
		this.url = facts.url;
		this.host = facts.url.apply(hostIn);
		this.dnsRecords = facts.dnsRecords;
		this.command = resource;
		this.registerOutputs({ hostname: this.hostname, url: this.url, dnsRecords: this.dnsRecords });
	}
}
