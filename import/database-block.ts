/** A managed database in the place of a service, and what becomes of the service's keys. */
import { type Block, lean } from "../stage-file/block.ts";
import { nextSize } from "./app-block.ts";
import { fieldsOf, say, sayDeep } from "./compose/source.ts";
import { credentialOf } from "./databases.ts";
import type { DatabaseRole } from "./roles.ts";

/** Settings that a command line of Redis' has, as flavors of its version (facts/aptible.md §3.1). */
function flavorOf(type: string, words: readonly string[]): string {
	const line = words.join(" ");
	if (type !== "redis") return "";
	if (/--appendonly\s+yes/.test(line)) return "-aof";
	return /--save\s*(["']{2}|)(\s+--|$)/.test(line) && /--save/.test(line) ? "-nordb" : "";
}

export function databaseBlock(role: DatabaseRole): Block {
	const { service, managed, handle } = role;
	const flavor = flavorOf(managed.type, service.command?.words ?? []);
	const size = service.memory && nextSize(service.memory.megabytes);
	sayKeys(role, flavor);
	if (service.memory !== undefined) {
		say(
			service.memory.field,
			size === undefined ? "decide" : "mapped",
			size === undefined ? "more than the largest container of Aptible's" : `containerMb: ${size}, the next size up`,
		);
	}
	const count = service.containers?.field;
	if (count !== undefined && !count.sources.some((source) => source.isSaid)) say(count, "dropped", oneContainer);
	say(service.field, "mapped", `database ${handle}`);
	const block = { type: managed.type, version: `${managed.version}${flavor}` };
	return { ...block, ...lean({ containerMb: size }, { containerMb: 1024 }) };
}

function sayKeys({ service, managed, handle }: DatabaseRole, flavor: string): void {
	for (const [key, field] of fieldsOf(service.field)) {
		if (key === "image" || key === "environment" || key === "env_file") say(field, "mapped", managed.says);
		else if (key === "deploy") sayDeep(field, "dropped", oneContainer);
		else if (key === "healthcheck") sayDeep(field, "dropped", "Aptible watches over its databases itself");
		else if (!["volumes", "ports", "command"].includes(key))
			sayDeep(field, "dropped", "a managed database has nothing of the kind");
	}
	for (const says of managed.decide) if (service.image !== undefined) say(service.image.field, "decide", says);
	for (const { name, field } of service.variables) {
		if (credentialOf(name) === undefined)
			say(field, "dropped", "a setting of the image, and Aptible's database has its own");
		else say(field, "mapped", "Aptible makes user, password and database itself; apps have them as references");
	}
	for (const { field } of service.secrets) say(field, "dropped", "Aptible makes the password itself");
	for (const { field, mount } of service.mounts) {
		if (/docker-entrypoint-initdb/.test(mount.target)) {
			say(field, "decide", `run what it holds once by hand: aptible db:tunnel ${handle}`);
		} else if (mount.kind === "bind" && mount.isReadOnly) {
			say(field, "decide", ownSettings);
		} else {
			say(field, "mapped", "the disk of the managed database; its data moves by a dump, or as docs/move.md has it");
		}
	}
	const volumes = fieldsOf(service.field).get("volumes");
	if (volumes !== undefined) say(volumes, "mapped", "see each of them");
	const ports = fieldsOf(service.field).get("ports");
	if (ports !== undefined) {
		sayDeep(
			ports,
			"dropped",
			"a managed database is open to its stack alone; people take aptible db:tunnel, others an endpoint with an ipFilter (docs/configuration/databases.md)",
		);
	}
	const { command } = service;
	if (command === undefined) return;
	const isPlain = command.words.every(
		(word, index) => index === 0 || /^--?requirepass/.test(word) || /requirepass$/.test(command.words[index - 1] ?? ""),
	);
	if (flavor !== "") sayDeep(command.field, "mapped", `version with ${flavor}`);
	else if (isPlain) sayDeep(command.field, "dropped", "Aptible starts its databases itself, each with a password");
	else sayDeep(command.field, "decide", ownSettings);
}

const ownSettings =
	"settings of a server of your own; find out which of them the app needs, and set those in the database";

const oneContainer = "a managed database has one container, and a replica is a database of its own (replicaOf)";
