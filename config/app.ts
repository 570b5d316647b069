import type { z } from "zod";
import { Endpoint } from "./endpoint.ts";
import { block, choice, flag, named, pattern, secretOnly, template, text } from "./fields.ts";
import { keyDocs } from "./key-docs.ts";
import { Service } from "./service.ts";
import { adopt, protect, renamedFrom } from "./shared-fields.ts";
import { groupNames, variables } from "./variables.ts";

/** Credentials of a private registry. */
export const Registry = block("registry credentials", {
	username: template("a user name", "the one at the registry").register(keyDocs, {
		description: "user name at the registry",
		inPlace: "with the next deploy",
		allowed: "text; references may stand in it",
	}),
	password: secretOnly("registryPassword").register(keyDocs, {
		description: "password at the registry",
		inPlace: "with the next deploy",
	}),
	deployOnChange: flag("true deploys where nothing but the credentials differs")
		.optional()
		.transform((value) => value || undefined)
		.register(keyDocs, {
			description: "deploy where nothing but the credentials differs",
			inPlace: "yes",
			otherwise: "`false`",
		}),
});
export type Registry = z.infer<typeof Registry>;

const image =
	/^(?:[a-zA-Z0-9.-]+(?::[0-9]+)?\/)?[a-z0-9]+(?:[._/-]+[a-z0-9]+)*(?:(?::[\w][\w.-]{0,127})(?:@sha256:[0-9a-f]{64})?|@sha256:[0-9a-f]{64})$/;

/** Git's own rules for names, less what nobody writes; a commit is one of them. */
const commitish = /^(?!.*(?:\.\.|\/\/|\.lock$|[/.]$))[A-Za-z0-9][A-Za-z0-9._/-]{0,199}$/;

/** What has been pushed to the app's git remote and is to be built and released. */
export const Git = block("a deploy from git", {
	commitish: pattern(
		"a commit or a branch",
		"a commit such as 4f9a1c2 in quotes, or a branch that was pushed to the app's git remote",
		commitish,
	).register(keyDocs, {
		description: "commit or branch that Aptible builds and runs; a branch that moves on is not seen",
		inPlace: "restart",
		allowed: "a commit, in quotes, or a branch that was pushed; not `master`, `main`, `aptible-scan`",
	}),
});
export type Git = z.infer<typeof Git>;

/** What `image` is, in words. */
export const imageText = {
	what: "an image with a tag or a digest",
	allowed: "for example registry.example.com/portal:2026-11-20",
};

/** Docker refuses capitals in the name of a repository, and takes them in a tag and in the host of a registry. */
function imageMessage({ input }: { input?: unknown }): string {
	const [, host = "", repository = "", rest = ""] =
		/^((?:[^/]*[.:][^/]*|localhost)\/)?([^:@]+)(.*)$/.exec(String(input)) ?? [];
	const meant = `${host}${repository.toLowerCase()}${rest}`;
	return meant !== input && image.test(meant)
		? `has capitals in the name of its repository, which Docker refuses; did you mean ${JSON.stringify(meant)}?`
		: `is not ${imageText.what}; allowed: ${imageText.allowed}`;
}

/** An app: an image or a commit, its config and its services; its key in the stage file is its handle. */
export const App = block("an app", {
	image: text(imageText.what, imageText.allowed)
		.refine((value) => image.test(value), { error: imageMessage })
		.optional()
		.register(keyDocs, {
			description: "image that it runs",
			inPlace: "restart",
			otherwise: "required without `git`",
		}),
	git: Git.optional().register(keyDocs, {
		description: "commit or branch of the app's git remote that Aptible builds and runs",
		inPlace: "restart",
		otherwise: "required without `image`",
	}),
	releasedBy: choice("who releases the app", ["stageFile", "ci"])
		.optional()
		.transform((value) => (value === "ci" ? value : undefined))
		.register(keyDocs, {
			description: "who releases it after its first release: this file, or [CI](#releases-by-ci)",
			inPlace: "yes; back to `stageFile`: restart",
			otherwise: "`stageFile`",
		}),
	registry: Registry.optional().register(keyDocs, {
		description: "credentials of a private registry",
		inPlace: "with the next deploy",
		otherwise: "none: the image is public",
	}),
	config: variables().default({}).register(keyDocs, {
		description: "environment variables; references may stand in the text",
		inPlace: "restart",
		allowed: "variable: text",
	}),
	configFrom: groupNames().optional().register(keyDocs, {
		description: "groups under `shared` whose variables it has too; its own `config` wins",
		inPlace: "restart",
		allowed: "list of names of groups",
	}),
	services: named("services", Service).register(keyDocs, {
		description: "services, by process type of the image",
		allowed: "process type: block, at least one",
	}),
	endpoints: named("endpoints", Endpoint).default({}).register(keyDocs, {
		description: "endpoints, by names of your choice that are seen nowhere else",
	}),
	adopt: adopt(),
	renamedFrom: renamedFrom(),
	protect: protect(),
});
/** With the variables of its groups among its own. */
export type App = Omit<z.infer<typeof App>, "configFrom"> & { protect: boolean; endpoints: Record<string, Endpoint> };
