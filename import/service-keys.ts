/** What becomes of the keys of a service of an app that are no value of the app's block. */
import { lookUp } from "../wire/own.ts";
import { asBlock } from "./compose/merge.ts";
import type { Mount } from "./compose/mounts.ts";
import { type Field, fieldAt, fieldsOf, placeOf, say, sayDeep, textOf } from "./compose/source.ts";
import { isRule } from "./compose/traefik.ts";
import { deployKeys, harmless, type KeyRule, serviceKeys, unknownKey } from "./key-outcomes.ts";
import type { Service } from "./service.ts";

/** Says what becomes of every key of a service that is no value of its app's block. */
export function sayKeys(service: Service): void {
	const { field } = service;
	for (const [key, one] of fieldsOf(field)) sayKey(key, one);
	sayUnread(service);
	for (const labels of [fieldAt(field, "labels"), fieldAt(field, "deploy", "labels")]) {
		for (const [name, label] of fieldsOf(labels && asBlock(labels))) {
			sayOpenRule(name, label);
			if (/^(ofelia|chadburn|swarm\.cronjob)\./.test(name)) say(label, "decide", schedule);
		}
	}
	for (const { field: item, mount } of service.mounts) say(item, ...ruleOfMount(mount));
	for (const dependency of service.dependsOn) {
		const says = dependency.untilDone
			? "Aptible waits for no service: what has to run before a release is before_deploy of /.aptible/.aptible.yml"
			: "Aptible starts apps in no order: an app waits and tries again until what it calls answers; references make the order of `pulumi up`";
		sayDeep(dependency.field, "dropped", says);
	}
}

const schedule =
	"nothing starts containers by a schedule on Aptible: the job is a line of a crontab that supercronic runs in a service of its own (docs/configuration/apps.md#scheduled-jobs)";

/** A domain that is not known is asked for; other labels are not. */
function sayOpenRule(name: string, { sources, value }: Field): void {
	if (!isRule(name) || value.kind !== "scalar" || value.unset.length === 0) return;
	for (const source of sources)
		source.say("decide", source.open ?? "its domain is not known; declare the endpoint by hand");
}

/** What a container writes is gone with its next restart (facts/aptible.md §2.5). */
function ruleOfMount({ kind, source, target, isReadOnly }: Mount): KeyRule {
	if (kind === "tmpfs") return ["dropped", "the whole file system of a container is wiped with each restart"];
	if (/docker\.sock/.test(source)) {
		return ["decide", "blocker: there is no Docker on Aptible that a container could reach; take the service out"];
	}
	const kept = "object storage (docs/configuration/storage.md) or a database";
	if (kind === "bind") {
		const writes = isReadOnly ? "" : `, what it writes there goes to ${kept}`;
		const says = `no folder of a host is mounted on Aptible: what the app reads in ${target} is copied into the image${writes}`;
		return ["decide", says];
	}
	if (source === "") {
		return ["dropped", `${target} is wiped with each restart, as an anonymous volume is with its container`];
	}
	const says = `what is written to ${target} is lost with each restart: files that have to stay go to ${kept}; only a cache may stay there`;
	return ["decide", says];
}

/** Forms of values that are read; another one is a mistake of the file's. */
const forms: Readonly<Record<string, readonly Field["value"]["kind"][]>> = {
	ports: ["list"],
	volumes: ["list"],
	secrets: ["list"],
	environment: ["map", "list"],
	deploy: ["map"],
	env_file: ["scalar", "list"],
	depends_on: ["map", "list"],
	command: ["scalar", "list"],
	entrypoint: ["scalar", "list"],
};

const kindWords: Readonly<Record<Field["value"]["kind"], string>> = { scalar: "text", map: "block", list: "list" };

/** Says it of values that could not be read for what their keys are. */
function sayUnread({ field, containers, memory, grace }: Service): void {
	for (const [key, kinds] of Object.entries(forms)) {
		const one = fieldAt(field, key);
		if (one === undefined || kinds.includes(one.value.kind) || isNothing(one)) continue;
		sayDeep(
			one,
			"decide",
			`is no ${kinds.map((kind) => kindWords[kind]).join(" or ")}, so that nothing of it was read`,
		);
	}
	const twice: [counts: Field | undefined, former: Field | undefined][] = [
		[fieldAt(field, "deploy", "replicas"), fieldAt(field, "scale")],
		[fieldAt(field, "deploy", "resources", "limits", "memory"), fieldAt(field, "mem_limit")],
	];
	for (const [counts, former] of twice)
		if (counts !== undefined && former !== undefined)
			say(former, "decide", `${placeOf(counts)} says it too, and counts`);
	const read: [Field | undefined, unknown, string][] = [
		[fieldAt(field, "deploy", "replicas") ?? fieldAt(field, "scale"), containers, "number of containers"],
		[
			fieldAt(field, "deploy", "resources", "limits", "memory") ?? fieldAt(field, "mem_limit"),
			memory,
			"amount of memory, such as 512m",
		],
		[fieldAt(field, "stop_grace_period"), grace, "duration, such as 30s"],
	];
	for (const [one, value, what] of read) {
		if (one !== undefined && value === undefined && !isNothing(one))
			say(one, "decide", `is no ${what}, so that it was not read`);
	}
}

function isNothing({ value }: Field): boolean {
	return value.kind === "scalar" && (value.value === null || value.value === "");
}

function sayKey(key: string, field: Field): void {
	const [outcome, says] = ruleOf(key, field);
	// What is said of what is in it, or was said of it where it was read, says more.
	const isSaid = outcome === "mapped" && field.sources.some((source) => source.isSaid);
	if (outcome !== "mapped" && key !== "depends_on") sayDeep(field, outcome, says);
	else if (!isSaid) say(field, outcome, says);
	if (key === "deploy") sayDeploy(field);
}

function ruleOf(key: string, field: Field): KeyRule {
	if (key.startsWith("x-")) return ["dropped", "an extension, which Compose ignores"];
	if (lookUp(harmless, key)?.test(textOf(field) ?? "") === true) return ["dropped", "it is so on Aptible anyway"];
	return lookUp(serviceKeys, key) ?? unknownKey;
}

function sayDeploy(deploy: Field): void {
	const walk = (field: Field, path: string) => {
		const rule = lookUp(deployKeys, path);
		if (path === "mode" && /global/.test(textOf(field) ?? "")) {
			say(field, "decide", globalMode);
		} else if (rule !== undefined) {
			sayDeep(field, ...rule);
		} else if (path === "resources" || path === "resources.limits") {
			say(field, "mapped", "services of the app");
			for (const [key, one] of fieldsOf(field)) walk(one, `${path}.${key}`);
		} else if (path !== "replicas" && path !== "resources.limits.memory") {
			sayDeep(field, ...unknownKey);
		}
	};
	for (const [key, field] of fieldsOf(deploy)) walk(field, key);
}

const globalMode =
	"blocker: no service of Aptible's runs on each host, as hosts are not yours; name how many containers it needs, or remove it";

/** A service that ends by itself. */
export function sayOneShot(field: Field): void {
	say(
		field,
		"decide",
		"it runs once, and Aptible would start it again and again, so that it has containers: 0; put its command into before_deploy of /.aptible/.aptible.yml, which runs with each deploy; a job that a schedule starts is a line of a crontab (docs/configuration/apps.md#scheduled-jobs)",
	);
}
