/** An app as a stage file has it, and what becomes of the keys of its services. */
import { containerSizesMb } from "../config/sizes.ts";
import { type Block, lean } from "../stage-file/block.ts";
import type { App, AppService } from "./apps.ts";
import { say, sayDeep } from "./compose/source.ts";
import { loginOf, readImage } from "./images.ts";
import type { Service } from "./service.ts";
import { sayOneShot } from "./service-keys.ts";

const longestGrace = 900;

/** The services of an app: those of the file, and at 0 those that the image has for another app. */
export function servicesOf(app: App, hasGapless: (processType: string) => boolean): Record<string, Block> {
	const blocks = new Map<string, Block>();
	for (const one of app.services) blocks.set(one.processType, serviceBlock(one, hasGapless(one.processType)));
	for (const processType of app.image.processes.keys()) {
		if (!blocks.has(processType)) blocks.set(processType, { containers: 0 });
	}
	return Object.fromEntries(blocks);
}

function serviceBlock({ service }: AppService, isGapless: boolean): Block {
	const { containers, memory, grace, startsFirst, isOneShot } = service;
	const size = memory && nextSize(memory.megabytes);
	if (memory !== undefined) {
		const says =
			size === undefined
				? "more than the largest container of Aptible's; name a size"
				: `containerMb: ${size}, the next size up`;
		say(memory.field, size === undefined ? "decide" : "mapped", says);
	}
	if (containers !== undefined) say(containers.field, "mapped", `containers: ${containers.count}`);
	const stop = grace && Math.max(1, Math.min(grace.seconds, longestGrace));
	if (grace !== undefined) {
		const isLonger = grace.seconds > longestGrace;
		say(
			grace.field,
			isLonger ? "decide" : "mapped",
			`stopTimeoutSeconds: ${stop}${isLonger ? ", the most that Aptible waits" : ""}`,
		);
	}
	if (startsFirst !== undefined) {
		say(
			startsFirst,
			"mapped",
			isGapless ? "an https endpoint releases without a gap anyway" : "forceZeroDowntime: true",
		);
	}
	if (isOneShot !== undefined) sayOneShot(isOneShot);
	return lean(
		{
			containers: isOneShot === undefined ? containers?.count : 0,
			containerMb: size,
			stopTimeoutSeconds: stop,
			forceZeroDowntime: startsFirst !== undefined && !isGapless,
		},
		{ containers: 1, containerMb: 1024, stopTimeoutSeconds: 10, forceZeroDowntime: false },
	);
}

/** The smallest container that has so much memory (facts/aptible.md §2.1). */
export function nextSize(megabytes: number): number | undefined {
	return containerSizesMb.m.find((size) => size >= megabytes);
}

/** Says what becomes of the image of an app, in each of its services. */
export function sayImage(app: App, service: Service): void {
	const { image, build } = service;
	const { text } = app.image;
	const isFirst = service === app.services[0]?.service;
	const login = text === undefined || !isFirst ? undefined : loginOf(readImage(text));
	if (build !== undefined) {
		const how =
			"on Aptible it is built where you build it: push the image to a registry and name it in image:, or declare git: and push the code";
		const says =
			text === undefined
				? `blocker: ${how}; --image ${service.name}=IMAGE names it for an import`
				: `the image is ${text}; ${how}`;
		sayDeep(build, text === undefined ? "decide" : "dropped", says);
		if (image === undefined && login?.outcome === "decide") say(build, "decide", `${says}; ${login.says}`);
	}
	if (image === undefined) return;
	const { tag, digest, repository } = readImage(image.text);
	const others = app.services.filter((one) => one.service !== service).map((one) => one.service.name);
	const where = `image of app ${app.handle}${others.length === 0 ? "" : `, with ${others.join(", ")}: an app has one config`}`;
	const asked: string[] = [];
	if (/[A-Z]/.test(repository)) {
		asked.push(
			`names of images have no capitals (Docker refuses them), only the registry and the tag may: write ${repository.toLowerCase()}, under which it was pushed`,
		);
	} else if (tag === undefined && digest === undefined) {
		asked.push("it names no tag, and latest is taken: name the one that runs, as phi: true refuses latest");
	}
	const isAsked = asked.length > 0 || login?.outcome === "decide";
	const says = [where, ...asked, ...(login === undefined ? [] : [login.says])].join("; ");
	say(image.field, isAsked ? "decide" : "mapped", says);
}

/** The image of an app as a stage file takes it. */
export function imageText(app: App): string | undefined {
	const { text } = app.image;
	if (text === undefined) return undefined;
	const { tag, digest } = readImage(text);
	return tag === undefined && digest === undefined ? `${text.replace(/:$/, "")}:latest` : text;
}
