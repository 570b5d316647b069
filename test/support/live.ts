/** Live objects as the API's clients give them, for what compares without asking. */
import type { Endpoint } from "../../aptible/api/endpoint.ts";
import type { Service } from "../../aptible/api/service.ts";

/** An endpoint: tcp on worker, unless told otherwise. */
export function liveEndpoint(id: number, change: Readonly<Record<string, unknown>> = {}): Endpoint {
	return {
		id,
		hostname: `elb-${id}.aptible.in`,
		status: "provisioned",
		createdAt: "2026-11-23T06:16:07.000Z",
		type: "tcp",
		port: undefined,
		ports: undefined,
		load_balancing_algorithm_type: undefined,
		shared: undefined,
		internal: false,
		ip_whitelist: "all traffic",
		defaultDomainEnabled: false,
		defaultDomain: undefined,
		managedTlsEnabled: false,
		managedTlsDomain: undefined,
		managedTlsDnsChallengeHostname: undefined,
		managedTlsStatus: undefined,
		service: "worker",
		containerPort: undefined,
		certificateId: undefined,
		...change,
	};
}

/** A service of one container, of which nothing else was ever set. */
export function liveService(service: string, change: Partial<Service> = {}): Service {
	return {
		id: 3,
		service,
		containerCount: 1,
		containerMb: 1024,
		containerProfile: "m",
		options: { forceZeroDowntime: false },
		appId: undefined,
		databaseId: undefined,
		policyId: undefined,
		isWhole: true,
		...change,
	};
}
