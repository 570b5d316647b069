/** Every change that cannot be made in place, with what the preview says of it: one row for each identity rule of each noun. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { refuseDatabaseChange, refuseRestoreInPlace } from "../../wire/database.ts";
import { type EndpointSpec, refuseEndpointChange } from "../../wire/endpoint.ts";
import { type ClaimedEndpoint, refuseEndpointMoves } from "../../wire/endpoint-claims.ts";
import { refuseEnvironmentChange } from "../../wire/environment.ts";
import {
	databaseSpec,
	grpcSpec,
	httpsSpec,
	managedSpec,
	ownSpec,
	tcpSpec,
} from "../aptible/endpoint/endpoints-under-test.ts";

/** What is changed, what the rule says, and the whole message. */
type Row = readonly [change: string, said: string | undefined, message: string | undefined];

const acme = { handle: "acme", stack: "shared-ca-central-1" };
const main = { handle: "main", type: "postgresql", version: "16", diskGb: 20 };
const key = "arn:aws:kms:ca-central-1:111111111111:key/aaaa";
const otherKey = "arn:aws:kms:ca-central-1:111111111111:key/bbbb";
const replica = (handle: string, logical: boolean) => ({ ...main, replicaOf: { handle, logical } });

const moveTo = "move the traffic to it, then remove this one.";

function endpoint(before: object, after: object): string | undefined {
	return refuseEndpointChange(before as EndpointSpec, after as EndpointSpec);
}

/** The claims of a stage whose app `portal` has these endpoints. */
function stage(endpoints: Readonly<Record<string, object>>) {
	const claims = Object.entries(endpoints).map(([name, spec]): [string, ClaimedEndpoint] => {
		const { kind, service, internal, defaultDomain, managedTls, domain } = spec as EndpointSpec;
		return [name, { adopt: false, kind, service, internal, defaultDomain, managedTls, domain }];
	});
	return { apps: { portal: { endpoints: Object.fromEntries(claims) } }, databases: {} };
}

const rows: readonly Row[] = [
	[
		"environment: handle, without saying that it is a rename",
		refuseEnvironmentChange(acme, { ...acme, handle: "acme-qa" }),
		'environment "acme" cannot become "acme-qa" unless that is said to be a rename: put `renamedFrom: acme` beside ' +
			"environment.handle, or declare a new stage for another environment.",
	],
	[
		"environment: handle, said to be a rename",
		refuseEnvironmentChange(acme, { ...acme, handle: "acme-qa", renamedFrom: "acme" }),
		undefined,
	],
	[
		"environment: stack",
		refuseEnvironmentChange(acme, { ...acme, stack: "acme-prod-ca" }),
		'environment "acme" is on stack "shared-ca-central-1" and cannot move to "acme-prod-ca" in place: Aptible\'s support moves ' +
			"environments between stacks of one region. Put environment.stack back, or declare a new stage and move the data to it.",
	],
	[
		"database: type",
		refuseDatabaseChange(main, { ...main, type: "mysql", version: "8.4" }),
		'database "main" is postgresql 16 and cannot become mysql 8.4 in place. Declare a second database with the new type or ' +
			"version, move the data, then remove the old one.",
	],
	[
		"database: version",
		refuseDatabaseChange(main, { ...main, version: "17" }),
		'database "main" is postgresql 16 and cannot become postgresql 17 in place. Declare a second database with the new type or ' +
			"version, move the data, then remove the old one.",
	],
	[
		"database: a smaller disk",
		refuseDatabaseChange(main, { ...main, diskGb: 10 }),
		'database "main" has a disk of 20 GB and cannot go to 10 GB: disks never shrink. Set databases.main.diskGb to 20 or more, or ' +
			"move the data to a new, smaller database.",
	],
	["database: a larger disk", refuseDatabaseChange(main, { ...main, diskGb: 40 }), undefined],
	[
		"database: made from a backup, later",
		refuseRestoreInPlace("main", undefined, 173),
		'database "main" exists and cannot be made from backup 173 in place. Declare a second database with restoreFrom: 173, move ' +
			"to it, then remove this one.",
	],
	[
		"database: made from another backup",
		refuseRestoreInPlace("main", 170, 173),
		'database "main" was made from backup 170 and cannot be made from backup 173 in place. Declare a second database with ' +
			"restoreFrom: 173, move to it, then remove this one.",
	],
	["database: no longer said to be from a backup", refuseRestoreInPlace("main", 170, undefined), undefined],
	[
		"database: a replica, later",
		refuseDatabaseChange(main, replica("first", false)),
		'database "main" is no replica and cannot become a streaming replica of "first" in place. Declare a second database with ' +
			"that replicaOf, then remove this one.",
	],
	[
		"database: a replica of another one",
		refuseDatabaseChange(replica("first", false), replica("second", false)),
		'database "main" is a streaming replica of "first" and cannot become a streaming replica of "second" in place. Declare a ' +
			"second database with that replicaOf, then remove this one.",
	],
	[
		"database: a replica of another kind",
		refuseDatabaseChange(replica("first", true), replica("first", false)),
		'database "main" is a logical replica of "first" and cannot become a streaming replica of "first" in place. Declare a ' +
			"second database with that replicaOf, then remove this one.",
	],
	["database: no replica any more", refuseDatabaseChange(replica("first", false), main), undefined],
	[
		"database: a key of one's own, later",
		refuseDatabaseChange(main, { ...main, kmsKeyArn: key }),
		`database "main" is encrypted with Aptible's own key and cannot go to ${key} in place. Back it up (\`aptible db:backup ` +
			"main`), declare a second database with restoreFrom that backup and the new key, move to it, then remove this one.",
	],
	[
		"database: another key",
		refuseDatabaseChange({ ...main, kmsKeyArn: key }, { ...main, kmsKeyArn: otherKey }),
		`database "main" is encrypted with ${key} and cannot go to ${otherKey} in place. Back it up (\`aptible db:backup main\`), ` +
			"declare a second database with restoreFrom that backup and the new key, move to it, then remove this one.",
	],
	[
		"database: Aptible's key again",
		refuseDatabaseChange({ ...main, kmsKeyArn: key }, main),
		`database "main" is encrypted with ${key} and cannot go to Aptible's own key in place. Back it up (\`aptible db:backup ` +
			"main`), declare a second database with restoreFrom that backup and the new key, move to it, then remove this one.",
	],
	[
		"endpoint: kind",
		endpoint(tcpSpec(), tcpSpec({ kind: "tls" })),
		'endpoint "mqtt" of app "portal" is tcp on service "worker", external, and cannot become tls on service "worker", external, ' +
			`with a certificate of its own in place. Declare a second endpoint under another name, ${moveTo}`,
	],
	[
		"endpoint: service",
		endpoint(tcpSpec(), tcpSpec({ service: "web" })),
		'endpoint "mqtt" of app "portal" is tcp on service "worker", external, and cannot become tcp on service "web", external in ' +
			`place. Declare a second endpoint under another name, ${moveTo}`,
	],
	[
		"endpoint: placement",
		endpoint(tcpSpec(), tcpSpec({ internal: true })),
		'endpoint "mqtt" of app "portal" is tcp on service "worker", external, and cannot become tcp on service "worker", internal in ' +
			`place. Declare a second endpoint under another name, ${moveTo}`,
	],
	[
		"endpoint: placement, of a database",
		endpoint(databaseSpec(), databaseSpec({ internal: true })),
		'endpoint "reports" of database "main" is database, external, and cannot become database, internal in place. Declare a ' +
			`second endpoint under another name, ${moveTo}`,
	],
	[
		"endpoint: from the default domain to a managed certificate",
		endpoint(httpsSpec(), httpsSpec({ defaultDomain: false, managedTls: true, domain: "a.example" })),
		'endpoint "test" of app "portal" is https on service "web", external, with the default domain, and cannot become https on ' +
			'service "web", external, with a managed certificate for a.example in place. Declare a second endpoint under another ' +
			`name, ${moveTo}`,
	],
	[
		"endpoint: from a managed certificate to one of its own",
		endpoint(managedSpec(), managedSpec({ managedTls: false })),
		'endpoint "public" of app "portal" is https on service "web", external, with a managed certificate for portal.acme.example, ' +
			'and cannot become https on service "web", external, with a certificate of its own in place. Declare a second endpoint ' +
			`under another name, ${moveTo}`,
	],
	[
		"endpoint: domain of a managed certificate",
		endpoint(grpcSpec(), grpcSpec({ domain: "rpc2.acme.example" })),
		'endpoint "rpc" of app "portal" is grpc on service "worker", external, with a managed certificate for rpc.acme.example, and ' +
			'cannot become grpc on service "worker", external, with a managed certificate for rpc2.acme.example in place. Declare a ' +
			`second endpoint under another name, ${moveTo}`,
	],
	[
		"endpoint: domain that Aptible does not know it by",
		endpoint(ownSpec({ domain: "a.example" }), ownSpec({ domain: "b.example" })),
		undefined,
	],
	[
		"endpoint: service, with the default domain",
		endpoint(httpsSpec(), httpsSpec({ service: "api" })),
		'endpoint "test" of app "portal" is https on service "web", external, with the default domain, and cannot become https on ' +
			'service "api", external, with the default domain in place; nor can a second come up beside it, as an app has one default ' +
			"domain. Where a gap does no harm: remove it, run `pulumi up`, declare it again, and run `pulumi up` again. Where it " +
			`does: declare a second endpoint under another name with a domain of its own, ${moveTo}`,
	],
	[
		"endpoint: service, with the same managed domain",
		endpoint(managedSpec(), managedSpec({ service: "api" })),
		'endpoint "public" of app "portal" is https on service "web", external, with a managed certificate for portal.acme.example, ' +
			'and cannot become https on service "api", external, with a managed certificate for portal.acme.example in place; nor can ' +
			"a second come up beside it, as portal.acme.example has one managed certificate. Where a gap does no harm: remove it, " +
			"run `pulumi up`, declare it again, and run `pulumi up` again. Where it does: declare a second endpoint under another name " +
			"with a certificate of your own, lead the domain's CNAME to its host name, then remove this one.",
	],
	[
		"endpoint: a load balancer of its own again",
		endpoint(httpsSpec({ shared: true }), httpsSpec()),
		'endpoint "test" of app "portal" shares its load balancer, and Aptible never gives it one of its own again. Leave `shared: ' +
			`true\`, or declare a second endpoint under another name, ${moveTo}`,
	],
	[
		"endpoints: a domain that stays while its endpoint becomes another",
		refuseEndpointMoves(
			stage({ public: managedSpec() }),
			stage({ public: ownSpec({ domain: "portal.acme.example" }) }),
		),
		'endpoint "public" of app "portal" is https on service "web", external, with a managed certificate for portal.acme.example, ' +
			'and cannot become https on service "web", external, with a certificate of its own while it keeps the domain ' +
			"portal.acme.example: its CNAME has to be moved in between. Declare a second endpoint under another name without that " +
			"domain, lead the CNAME to its host name, then remove this one and give the domain to the second.",
	],
	[
		"endpoints: an address that another one has",
		refuseEndpointMoves(stage({ test: httpsSpec() }), stage({ preview: httpsSpec() })),
		'endpoint "preview" of app "portal" takes the default domain of endpoint "test" of app "portal", and two cannot have it at ' +
			"once. If it is the same endpoint under another name, say so: apps.portal.endpoints.preview.renamedFrom: test. If not: " +
			'remove "test", run `pulumi up`, then declare "preview".',
	],
];

for (const [change, said, message] of rows) test(change, () => assert.equal(said, message));
