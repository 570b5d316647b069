/** A comment as GitHub shows it: GitHub-flavoured Markdown under GitHub's own style. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { marked } from "marked";

/** The text of a comment in its example, without what the page says of itself. */
export function commentOf(example: string): string {
	return example.replace(/^[\s\S]*?(?=<!-- preview of )/, "");
}

/** A page as wide as a pull request's column. */
export const pageWidth = 880;

export function writeCommentPage(comment: string): string {
	const style = readFileSync(
		fileURLToPath(import.meta.resolve("github-markdown-css/github-markdown-light.css")),
		"utf8",
	);
	// In comments, other than in files, GitHub keeps the ends of lines.
	const html = marked.parse(comment, { gfm: true, breaks: true, async: false });
	return `<!doctype html><html><head><meta charset="utf-8"><style>${style}
body { margin: 0; padding: 16px; width: ${pageWidth - 32}px; background: #ffffff; font: 14px -apple-system, "Segoe UI", "Noto Sans", Helvetica, Arial, sans-serif; }
.comment { border: 1px solid #d1d9e0; border-radius: 6px; }
.comment > header { padding: 8px 16px; background: #f6f8fa; border-bottom: 1px solid #d1d9e0; border-radius: 6px 6px 0 0; color: #59636e; }
.comment > article { padding: 16px; font-size: 14px; }
</style></head><body><div class="comment"><header><b style="color: #1f2328">github-actions</b> bot commented</header>
<article class="markdown-body">${html}</article></div></body></html>`;
}
