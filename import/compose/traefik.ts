/** Labels by which Traefik, which is MedStack's load balancer too, finds services: their domains and ports are endpoints here. */
import { type Field, textOf } from "./source.ts";

const hostRule = /Host\(([^()]*)\)/g;

/** Whether a label says which domains lead to a service. */
export function isRule(label: string): boolean {
	return /^traefik\.(http|tcp)\.routers\..+\.rule$/.test(label) || label === "traefik.frontend.rule";
}

/** Domains that labels lead to a service, each with its port where a label says it. */
export function traefikDomains(
	labels: readonly (readonly [name: string, field: Field])[],
): { field: Field; domain: string; port: number | undefined }[] {
	const portLabel = labels.find(([name]) => /^traefik\.http\.services\..+\.loadbalancer\.server\.port$/.test(name));
	const port = Number(textOf(portLabel?.[1]));
	return labels.flatMap(([name, field]) => {
		if (!isRule(name)) return [];
		const rule = textOf(field) ?? "";
		const quoted = [...rule.matchAll(hostRule)].flatMap(([, hosts = ""]) => [
			...hosts.matchAll(/[`"']([^`"']+)[`"']/g),
		]);
		const domains = new Set(quoted.map(([, domain = ""]) => domain.toLowerCase()));
		return [...domains].map((domain) => ({
			field,
			domain,
			port: Number.isInteger(port) && port > 0 ? port : undefined,
		}));
	});
}
