/** Ports that are published, and those that other apps call, as endpoints (facts/aptible.md §4). */
import type { Block } from "../stage-file/block.ts";
import type { App, AppService } from "./apps.ts";
import { type Port, writePorts } from "./compose/ports.ts";
import { type Outcome, say } from "./compose/source.ts";

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
		const published = service.ports.flatMap(({ ports }) => ports);
		for (const { field, domain, port } of service.domains) {
			const web = port ?? published.find(isWeb)?.target ?? service.exposed[0];
			say(field, ...this.#publishDomain(app, one, domain, web));
		}
		const allWeb = published.filter(isWeb).map(({ target }) => target);
		for (const { field, ports } of service.ports) {
			if (ports.length === 0) say(field, "decide", "cannot be read as ports; declare the endpoint by hand");
			const targets = (wanted: (port: Port) => boolean) => ports.filter(wanted).map(({ target }) => target);
			const others = targets(({ protocol }) => protocol !== "tcp");
			const web = targets((port) => port.protocol === "tcp" && isWeb(port));
			const plain = targets((port) => port.protocol === "tcp" && !isWeb(port));
			const isLocal = ports.every(({ ip = "" }) => /^(127\.|\[?::1\]?$|localhost$)/.test(ip));
			if (others.length > 0) say(field, "decide", tellOther(others, ports[0]?.protocol ?? ""));
			if (web.length > 0)
				for (const [outcome, says] of this.#publishWeb(app, one, web, { allWeb, isLocal })) say(field, outcome, says);
			if (plain.length > 0) say(field, "decide", this.#publishOther(app, one, plain, isLocal));
		}
	}

	/** Several routers may lead one domain to a service: one for HTTP, one for HTTPS. */
	#publishDomain(app: App, one: AppService, domain: string, port: number | undefined): [Outcome, string] {
		for (const [other, endpoints] of this.#byApp) {
			const there = endpoints.find(({ block }) => block.domain === domain);
			if (there === undefined) continue;
			if (other === app && there.processType === one.processType) return ["mapped", "its endpoint leads there"];
			return [
				"decide",
				`${domain} leads to endpoint ${there.name} of app ${other.handle} already, and one domain leads to one endpoint: give this one a domain of its own, or lead its paths there by an app that is a proxy`,
			];
		}
		this.#add(app, one, {
			name: domain.replace(/^\*/, "any").replace(/[^A-Za-z0-9_]/g, "_"),
			kind: "https",
			ports: port === undefined ? [] : [port],
			address: { domain, managedTls: true },
		});
		return ["mapped", `endpoint for ${domain}, with a certificate of Aptible's`];
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
		asked: readonly number[],
		{ allWeb, isLocal }: { allWeb: readonly number[]; isLocal: boolean },
	): [Outcome, string][] {
		const { name } = one.service;
		const there = this.#byApp.get(app) ?? [];
		const own = there.filter(({ processType }) => processType === one.processType);
		const known = new Set(own.flatMap(({ ports }) => ports));
		const open = own.some(({ ports }) => ports.length === 0) ? [] : asked.filter((port) => !known.has(port));
		const [port, ...rest] = open;
		if (port === undefined) return [["mapped", "its endpoint leads there"]];
		if ((port === 443 || port === 8443) && allWeb.length > 1) {
			return [
				["dropped", `TLS ends at the endpoint, which speaks HTTP to the container: port ${port} is not needed`],
				...(rest.length === 0 ? [] : this.#publishWeb(app, one, rest, { allWeb, isLocal })),
			];
		}
		if (there.some(({ block }) => block.defaultDomain === true)) return [["decide", tellSecond(open)]];
		const endpoint = this.#add(app, one, {
			name: nameOf(name),
			kind: "https",
			ports: [port],
			address: { defaultDomain: true, ...(isLocal ? { internal: true } : {}) },
		});
		const says = `endpoint ${endpoint.name} (https) to port ${port}, on Aptible's default domain until it has a domain: and managedTls: true`;
		const more: [Outcome, string][] = rest.length === 0 ? [] : [["decide", tellSecond(rest)]];
		if (isLocal) more.push(["decide", `${says}; ${localSays}`]);
		if (port !== 443 && port !== 8443) return [["mapped", says], ...more];
		return [["decide", `${says}; TLS ends at the endpoint: name the port on which the container speaks HTTP`], ...more];
	}

	#publishOther(app: App, one: AppService, ports: readonly number[], isLocal: boolean): string {
		const which = `${ports.length === 1 ? `port ${ports[0]} is no port` : `ports ${writePorts(ports)} are no ports`} of a web server: kind tls (clients speak TLS) or tcp (they do not), with an ipFilter where not everyone may connect`;
		const there = this.#byApp.get(app) ?? [];
		const former = there.find(
			({ processType, kind, block }) =>
				processType === one.processType && kind === "tls" && (block.internal === true) === isLocal,
		);
		if (former !== undefined) {
			former.ports = [...new Set([...former.ports, ...ports])];
			former.block.ports = former.ports;
			return `${which}; endpoint ${former.name} (tls) has it`;
		}
		if (there.some(({ block }) => block.defaultDomain === true))
			return `${which}; it has none, as the default domain is taken`;
		const { name } = this.#add(app, one, {
			name: `${nameOf(one.service.name)}_tls`,
			kind: "tls",
			ports: [...ports],
			address: { defaultDomain: true, ...(isLocal ? { internal: true } : {}) },
		});
		return `${which}; endpoint ${name} is tls${isLocal ? `; ${localSays}` : ""}`;
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

const localSays =
	"it is published on the host's own address alone, so that the endpoint is internal: take internal: away where a proxy on the host led everyone there";

function tellOther(ports: readonly number[], protocol: string): string {
	const which = ports.length === 1 ? `port ${ports[0]} is` : `ports ${writePorts(ports)} are`;
	return `blocker: ${which} ${protocol.toUpperCase()}, and Aptible's endpoints carry TCP alone; run what needs it elsewhere`;
}

function tellSecond(ports: readonly number[]): string {
	const which = `${ports.length === 1 ? "port" : "ports"} ${writePorts(ports)}`;
	return `${which} would be a second endpoint, and Aptible gives an app one default domain; declare it with domain: and managedTls: true, or leave it out`;
}
