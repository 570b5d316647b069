/** Labels by which Traefik, which is MedStack's load balancer too, finds services: their domains and ports are endpoints here. */
import { type Field, textOf } from "./source.ts";

const hostRule = /Host\(([^)]*)\)/g;

/** Domains that labels lead to a service, each with its port where a label says it. */
export function traefikDomains(
	labels: readonly (readonly [name: string, field: Field])[],
): { field: Field; domain: string; port: number | undefined }[] {
	const portLabel = labels.find(([name]) => /^traefik\.http\.services\..+\.loadbalancer\.server\.port$/.test(name));
	const port = Number(textOf(portLabel?.[1]));
	return labels.flatMap(([name, field]) => {
		if (!/^traefik\.(http|tcp)\.routers\..+\.rule$/.test(name) && name !== "traefik.frontend.rule") return [];
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
