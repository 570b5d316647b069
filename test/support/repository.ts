import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The root of the repository. */
export const root = join(import.meta.dirname, "../..");

/** Paths of the repository's files of these endings, those that are not added yet among them. */
export function filesOf(...endings: readonly string[]): string[] {
	const patterns = endings.map((ending) => `*${ending}`);
	const args = ["ls-files", "--cached", "--others", "--exclude-standard", "--deduplicate", ...patterns];
	const listed = execFileSync("git", args, { cwd: root, encoding: "utf8" }).trim().split("\n");
	const deleted = execFileSync("git", ["ls-files", "--deleted"], { cwd: root, encoding: "utf8" }).split("\n");
	return listed.filter((file) => !deleted.includes(file));
}

/** The text of a file of the repository. */
export function readText(file: string): string {
	return readFileSync(join(root, file), "utf8");
}

/** The headings of a page, without what stands in code blocks. */
export function headingsOf(text: string): string[] {
	return [...withoutCode(text).matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = ""]) => heading.trim());
}

/** A page without its code blocks. */
export function withoutCode(text: string): string {
	return text.replace(/^(```|~~~)[\s\S]*?^\1/gm, "");
}

/** The anchors of a page, as GitHub makes them of its headings. */
export function anchorsOf(text: string): Set<string> {
	const seen = new Map<string, number>();
	return new Set(
		headingsOf(text).map((heading) => {
			const slug = heading
				.replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
				.toLowerCase()
				.replace(/[^\p{L}\p{N}\p{Pc}\- ]/gu, "")
				.replaceAll(" ", "-");
			const before = seen.get(slug) ?? 0;
			seen.set(slug, before + 1);
			return before === 0 ? slug : `${slug}-${before}`;
		}),
	);
}
