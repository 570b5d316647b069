/** Ports that are published, and those that other apps call, as endpoints (facts/aptible.md §4). */
import type { Block } from "../stage-file/block.ts";
import type { App, AppService } from "./apps.ts";
import type { Port } from "./compose/ports.ts";
import { say } from "./compose/source.ts";

/** Ports on which a web server listens by custom. */
const webPorts: ReadonlySet<number> = new Set([
	80, 443, 591, 1337, 3000, 3001, 3002, 3003, 4000, 4200, 5000, 5001, 5173, 5601, 5678, 7000, 8000, 8001, 8008, 8080,
	8081, 8082, 8083, 8084, 8085, 8088, 8090, 8103, 8180, 8181, 8443, 8800, 8888, 9000, 9080, 9090, 9443, 15672,
]);

interface Endpoint {
	name: string;
	processType: string;
	kind: "https" | "tls" | "tcp";
	ports: readonly number[];
	block: Block;
}

/** When an endpoint's address is known: from the file, with its app, or when it is made (docs/configuration/README.md, addresses). */
type Address = "written" | "default" | "none";

export class Endpoints {
	readonly #byApp = new Map<App, Endpoint[]>();

	/** The endpoints of an app as its block has them. */
	blocksOf(app: App): Record<string, Block> {
		return Object.fromEntries((this.#byApp.get(app) ?? []).map(({ name, block }) => [name, block]));
	}

	/** Makes endpoints of what a service publishes, and says so of its ports. */
	publish(app: App, one: AppService): void {
		const { service } = one;
		const isWeb = ({ target, speaks }: Port) =>
			webPorts.has(target) || service.httpPorts.includes(target) || /^(https?|http2|web|h2c)\b/.test(speaks ?? "");
		for (const { field, domain, port } of service.domains) {
			const web = port ?? service.ports.flatMap(({ ports }) => ports).find(isWeb)?.target ?? service.exposed[0];
			this.#add(app, one, {
				name: domain.replace(/^\*/, "any").replace(/[^A-Za-z0-9_]/g, "_"),
				kind: "https",
				ports: web === undefined ? [] : [web],
				address: { domain, managedTls: true },
			});
			say(field, "mapped", `endpoint for ${domain}, with a certificate of Aptible's`);
		}
		for (const { field, ports } of service.ports) {
			if (ports.length === 0) say(field, "decide", "cannot be read as ports; declare the endpoint by hand");
			for (const port of ports) {
				if (port.protocol !== "tcp") {
					say(
						field,
						"decide",
						`blocker: port ${port.target} is ${port.protocol.toUpperCase()}, and Aptible's endpoints carry TCP alone; run what needs it elsewhere`,
					);
				} else if (isWeb(port)) {
					const web = service.ports.flatMap((entry) => entry.ports.filter(isWeb).map(({ target }) => target));
					const [outcome, says] = this.#publishWeb(app, one, port.target, web);
					say(field, outcome, says);
				} else {
					say(field, "decide", this.#publishOther(app, one, port.target));
				}
			}
		}
	}

	/** The endpoint that leads to a port of a service, or to the service where none is named. */
	find(
		app: App,
		{ processType }: AppService,
		port: number | undefined,
	): { name: string; kind: Endpoint["kind"]; address: Address } | undefined {
		const own = (this.#byApp.get(app) ?? []).filter((endpoint) => endpoint.processType === processType);
		const found = own.find(({ ports }) => port === undefined || ports.includes(port));
		if (found === undefined) return undefined;
		const { name, kind, block } = found;
		return { name, kind, address: "domain" in block ? "written" : block.defaultDomain === true ? "default" : "none" };
	}

	/** The same, made where there is none; why there can be none as a sentence. */
	need(
		app: App,
		one: AppService,
		asked: number | undefined,
		isHttp: boolean,
	): NonNullable<ReturnType<Endpoints["find"]>> | string {
		const { service } = one;
		const found = this.find(app, one, asked);
		if (found !== undefined) return found;
		const known = [
			...service.ports.flatMap(({ ports }) => ports.map(({ target }) => target)),
			...service.exposed,
			...service.httpPorts,
		];
		const port = asked ?? known[0];
		if (port === undefined)
			return `no port of ${service.name} is in the file; give it an internal endpoint, and refer to that`;
		const isWeb = isHttp || webPorts.has(port) || service.httpPorts.includes(port);
		const hasDefault = (this.#byApp.get(app) ?? []).some(({ block }) => block.defaultDomain === true);
		if (isWeb && hasDefault) {
			return `port ${port} of ${service.name} needs a second endpoint, and Aptible gives an app one default domain; give it an internal one with a domain`;
		}
		const { name, kind } = this.#add(app, one, {
			name: nameOf(service.name),
			kind: isWeb ? "https" : "tcp",
			ports: [port],
			address: isWeb ? { defaultDomain: true, internal: true } : { internal: true },
		});
		return { name, kind, address: isWeb ? "default" : "none" };
	}

	#publishWeb(
		app: App,
		one: AppService,
		port: number,
		web: readonly number[],
	): ["mapped" | "decide" | "dropped", string] {
		const { name } = one.service;
		const there = this.#byApp.get(app) ?? [];
		if (
			there.some(
				({ processType, ports }) => processType === one.processType && (ports.includes(port) || ports.length === 0),
			)
		) {
			return ["mapped", "its endpoint leads there"];
		}
		if ((port === 443 || port === 8443) && web.length > 1) {
			return ["dropped", `TLS ends at the endpoint, which speaks HTTP to the container: port ${port} is not needed`];
		}
		if (there.some(({ block }) => block.defaultDomain === true)) {
			return [
				"decide",
				`port ${port} would be a second endpoint, and Aptible gives an app one default domain; declare it with domain: and managedTls: true, or leave it out`,
			];
		}
		const endpoint = this.#add(app, one, {
			name: nameOf(name),
			kind: "https",
			ports: [port],
			address: { defaultDomain: true },
		});
		const says = `endpoint ${endpoint.name} (https) to port ${port}, on Aptible's default domain until it has a domain: and managedTls: true`;
		if (port !== 443 && port !== 8443) return ["mapped", says];
		return ["decide", `${says}; TLS ends at the endpoint: name the port on which the container speaks HTTP`];
	}

	#publishOther(app: App, one: AppService, port: number): string {
		const choice =
			"is no port of a web server: kind tls (clients speak TLS) or tcp (they do not), with an ipFilter where not everyone may connect";
		const there = this.#byApp.get(app) ?? [];
		const former = there.find(({ processType, kind }) => processType === one.processType && kind === "tls");
		if (former !== undefined) {
			former.ports = [...new Set([...former.ports, port])];
			former.block.ports = former.ports;
			return `port ${port} ${choice}; endpoint ${former.name} (tls) has it`;
		}
		if (there.some(({ block }) => block.defaultDomain === true))
			return `port ${port} ${choice}; it has none, as the default domain is taken`;
		const { name } = this.#add(app, one, {
			name: `${nameOf(one.service.name)}_tls`,
			kind: "tls",
			ports: [port],
			address: { defaultDomain: true },
		});
		return `port ${port} ${choice}; endpoint ${name} is tls`;
	}

	#add(
		app: App,
		{ processType }: AppService,
		{ name: wanted, kind, ports, address }: { name: string; kind: Endpoint["kind"]; ports: number[]; address: Block },
	): Endpoint {
		const there = this.#byApp.get(app) ?? [];
		let name = wanted;
		for (let turn = 2; there.some((other) => other.name === name); turn += 1) name = `${wanted}_${turn}`;
		const where = kind === "https" ? { port: ports[0] } : { ports };
		const block = { service: processType, kind, ...address, ...(ports.length === 0 ? {} : where) };
		const endpoint = { name, processType, kind, ports, block };
		this.#byApp.set(app, [...there, endpoint]);
		return endpoint;
	}
}

function nameOf(service: string): string {
	return service.replace(/[^A-Za-z0-9_]/g, "_");
}
