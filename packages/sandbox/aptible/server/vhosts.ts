import { createHash, X509Certificate } from "node:crypto";
import type { Certificate, Vhost } from "../model.ts";
import type { Store } from "../store.ts";
import { notFound, resourceOf, unprocessable } from "./resources.ts";
import type { Session } from "./session.ts";

/** What requests for an endpoint may carry. */
export interface VhostRequest {
	type?: string;
	platform?: string;
	internal?: boolean;
	default?: boolean;
	acme?: boolean;
	user_domain?: string;
	container_port?: number | null;
	container_ports?: number[];
	ip_whitelist?: string[];
	shared?: boolean;
	load_balancing_algorithm_type?: string;
	/** Address of a certificate. */
	certificate?: string;
}

const MAX_IP_FILTERS = 50;
const MAX_PORTS = 10;
const IPV4_SOURCE = /^\d{1,3}(\.\d{1,3}){3}(\/\d{1,2})?$/;

function check(body: VhostRequest): void {
	const { ip_whitelist: sources = [], container_ports: ports = [] } = body;
	if (sources.length > MAX_IP_FILTERS)
		throw unprocessable(`Ip whitelist is too long (maximum is ${MAX_IP_FILTERS} sources)`);
	if (!sources.every((source) => IPV4_SOURCE.test(source))) throw unprocessable("Ip whitelist is invalid");
	if (ports.length > MAX_PORTS) throw unprocessable(`Container ports is too long (maximum is ${MAX_PORTS} ports)`);
}

function fields(body: VhostRequest): Partial<Vhost> {
	const { certificate, ...rest } = body;
	return certificate === undefined ? rest : { ...rest, certificate_id: Number(certificate.split("/").at(-1)) };
}

/** The domain of default domains on the stack of an app. */
function defaultDomainOf(store: Store, appId: number): string {
	const account = store.get("account", store.get("app", appId).owner);
	return store.get("stack", account.stack_id).default_domain ?? "on-aptible.com";
}

/** Endpoints of an app, over all its services. */
function vhostsOfApp(store: Store, appId: number): Vhost[] {
	return store.list("service", appId).flatMap((service) => store.list("vhost", service.id));
}

/** POST /services/{id}/vhosts: a record only; nothing serves before it is provisioned. */
export function createVhost(session: Session, serviceId: number, body: VhostRequest): Vhost {
	return session.write((store) => {
		const service = store.find("service", serviceId);
		if (!service) throw notFound();
		check(body);
		if (body.default && vhostsOfApp(store, service.owner).some((other) => other.default)) {
			throw unprocessable("A default domain endpoint already exists for this app");
		}
		const vhost = store.insert("vhost", {
			owner: serviceId,
			type: "http",
			platform: "alb",
			status: "pending",
			internal: false,
			default: false,
			acme: false,
			acme_status: body.acme ? "pending" : null,
			user_domain: null,
			container_port: null,
			container_ports: [],
			ip_whitelist: [],
			shared: null,
			load_balancing_algorithm_type: null,
			certificate_id: null,
			external_host: null,
			virtual_domain: body.default ? `app-${service.owner}.${defaultDomainOf(store, service.owner)}` : null,
			settings: null,
			served: null,
			...fields(body),
		});
		return {
			result: vhost,
			handles: [...resourceOf(store, "vhost", vhost.id).handles],
			write: { create: "vhosts", on: service.process_type, body: { ...body } },
		};
	});
}

/** PUT /vhosts/{id}. */
export function updateVhost(session: Session, id: number, body: VhostRequest): Vhost {
	return session.write((store) => {
		const vhost = store.find("vhost", id);
		if (!vhost) throw notFound();
		check(body);
		const updated = { ...vhost, ...fields(body) };
		store.save("vhost", updated);
		return {
			result: updated,
			handles: resourceOf(store, "vhost", id).handles,
			write: { update: "vhosts", id, body: { ...body } },
		};
	});
}

/** POST /accounts/{id}/certificates. */
export function createCertificate(
	session: Session,
	accountId: number,
	body: { certificate_body: string; private_key: string },
): Certificate {
	return session.write((store) => {
		const account = store.find("account", accountId);
		if (!account) throw notFound();
		if (!isPem(body.certificate_body, "BEGIN CERTIFICATE")) throw unprocessable("Certificate body is invalid");
		if (!isPem(body.private_key, "PRIVATE KEY")) throw unprocessable("Private key is invalid");
		const certificate = store.insert("certificate", {
			owner: accountId,
			certificate_body: body.certificate_body,
			...describe(body.certificate_body),
		});
		return {
			result: certificate,
			handles: [account.handle],
			write: { create: "certificates", on: account.handle, body: { ...body } },
		};
	});
}

/** Each boundary of PEM has a line of its own, as OpenSSL reads it (RFC 7468, 3). */
function isPem(text: string, label: string): boolean {
	const isGlued = text.split(/\r?\n/).some((line) => line.includes("-----") && !/^-----[^-]+-----$/.test(line.trim()));
	return text.includes(label) && !isGlued;
}

/** What the server reads out of a certificate; tests may upload what is none. */
function describe(body: string): Pick<Certificate, "sha256_fingerprint" | "common_name"> {
	try {
		const { fingerprint256, subject } = new X509Certificate(body);
		const name = /^CN=(.+)$/m.exec(subject)?.[1] ?? "";
		return { sha256_fingerprint: fingerprint256.replaceAll(":", "").toLowerCase(), common_name: name };
	} catch {
		return { sha256_fingerprint: createHash("sha256").update(body).digest("hex"), common_name: "*.acme.example" };
	}
}
