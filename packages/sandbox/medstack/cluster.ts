/** A cluster of MedStack's: services that run, the load balancer in front of them, and the API by which they are changed. */
import { randomBytes } from "node:crypto";
import { type ApiRequest, type ApiServer, startMedstackApi } from "./api-server.ts";
import { type DomainCheck, refuseDomains } from "./domains.ts";
import { type LoadBalancer, startLoadBalancer } from "./load-balancer.ts";
import { Service, type ServiceSetup, type SwarmTiming } from "./swarm.ts";

export interface MedstackSetup extends SwarmTiming {
	/** By their names; the load balancer, which comes first, is not among them. */
	services: Readonly<Record<string, ServiceSetup>>;
	/** Public address of the cluster's manager, to which mapped domains have to resolve. @default 203.0.113.9 */
	address?: string;
	resolve: DomainCheck["resolve"];
	/** Entries of a page of the API's lists. @default all */
	pageSize?: number;
	/** With it, the load balancer speaks TLS alone. */
	tls?: { key: string; certificate: string };
	/** Where the load balancer listens on this machine. @default a free port of 127.0.0.1 */
	listen?: { address: string; port: number };
	/** Awaited before each request to the API is looked at. */
	onRequest?: (request: ApiRequest) => void | Promise<void>;
}

export interface Medstack {
	address: string;
	api: ApiServer;
	loadBalancer: LoadBalancer;
	/** The variables by which the program reaches the API. */
	env: Readonly<Record<string, string>>;
	/** @throws where there is none of this name */
	service(name: string): Service;
	/** Those of the other cluster, without its load balancer. */
	staging: readonly Service[];
	/** Changes the replicas as the UI does, whose checks are the API's. @throws where it is refused */
	scale(name: string, replicas: number): Promise<void>;
	/** Leads a domain to a service, and to no other one, as the UI does. @throws where it is refused */
	mapDomain(domain: string, name: string): Promise<void>;
	/** Waits until every change so far is done. */
	settled(): Promise<void>;
	close(): Promise<void>;
}

const LOAD_BALANCER = "loadbalancer";

/** Starts it with its services up: each was made when its domain led here. */
export async function startMedstack(setup: MedstackSetup): Promise<Medstack> {
	const { resolve, address = "203.0.113.9", pageSize, tls, listen, onRequest } = setup;
	const { changeMs = 0, graceMs = 0, restartMs = 1_000 } = setup;
	const timing = { changeMs, graceMs, restartMs };
	const startAll = (all: Readonly<Record<string, ServiceSetup>>) =>
		Object.entries({ [LOAD_BALANCER]: { replicas: 1, image: "traefik" }, ...all }).map(([name, one]) => {
			const service = new Service(name, one, timing);
			service.scale(one.replicas, 0);
			return service;
		});
	const services = startAll(setup.services);
	// The company's other cluster has a service of each name too.
	const other = Object.fromEntries(Object.keys(setup.services).map((name) => [name, { replicas: 1 }]));
	const staging = startAll(other);
	const settled = async () => {
		await Promise.all([...services, ...staging].map((one) => one.settled()));
	};
	const service = (name: string) => {
		const found = services.find((one) => one.name === name);
		if (found === undefined) throw new Error(`sandbox: MedStack has no service ${name}`);
		return found;
	};
	const demand = async (domains: readonly string[]) => {
		const refusal = await refuseDomains(domains, { address, resolve });
		if (refusal !== undefined) throw new Error(`sandbox: ${refusal}`);
	};
	const token = { key: randomBytes(9).toString("hex"), value: randomBytes(16).toString("hex") };
	const api = await startMedstackApi({
		token,
		company: { id: "c-acme", name: "Acme Health" },
		clusters: [
			{ id: "k-7f3a", label: "acme-prod", services },
			{ id: "k-51a9", label: "acme-staging", services: staging },
		],
		...(pageSize === undefined ? {} : { pageSize }),
		address,
		resolve,
		onRequest,
	});
	const route = (host: string) => {
		const found = services.find(({ domains }) => domains.includes(host));
		return found && { service: found.name, addresses: found.addresses };
	};
	const loadBalancer = await startLoadBalancer({ route, ...listen, ...(tls === undefined ? {} : { tls }) });
	await settled();
	const env = {
		MEDSTACK_API_URL: api.url,
		MEDSTACK_TOKEN_KEY: token.key,
		MEDSTACK_TOKEN_VALUE: token.value,
	};
	return {
		address,
		api,
		loadBalancer,
		env,
		service,
		staging: staging.slice(1),
		async scale(name, replicas) {
			const one = service(name);
			await demand(one.domains);
			one.scale(replicas);
		},
		async mapDomain(domain, name) {
			const one = service(name);
			await demand([domain]);
			for (const former of services) former.domains = former.domains.filter((mapped) => mapped !== domain);
			one.domains = [...one.domains, domain];
		},
		settled,
		close: async () => {
			await Promise.all([api.close(), loadBalancer.close(), ...[...services, ...staging].map((one) => one.close())]);
		},
	};
}
