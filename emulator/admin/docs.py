"""The pages that people see: an index, and the operations out of the OpenAPI description.

One self-contained page each, without scripts or anything from elsewhere: they work offline.
"""

from __future__ import annotations

import json
from html import escape
from typing import Any

_STYLE = """
:root { color-scheme: light dark; --ink: #1d2430; --dim: #5c6675; --line: #dfe3e8; --back: #fbfbfa; --card: #fff;
  --get: #1f7a4d; --post: #1d5fa8; --put: #96600c; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e8ee; --dim: #98a2b1; --line: #313945; --back: #14181e;
  --card: #1b2028; --get: #5cc48d; --post: #78b2f2; --put: #e2b064; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 54rem; padding: 2.5rem 1.25rem 4rem; background: var(--back); color: var(--ink);
  font: 16px/1.55 system-ui, sans-serif; }
h1 { font-size: 1.6rem; margin: 0; } h2 { font-size: 1rem; margin: 2.2rem 0 .6rem; text-transform: capitalize; }
a { color: var(--post); } p { margin: .4rem 0; } .dim { color: var(--dim); }
code, pre { font: 13.5px/1.5 ui-monospace, monospace; }
details, .card { background: var(--card); border: 1px solid var(--line); border-radius: 8px; margin: .5rem 0; }
.card { padding: .8rem 1rem; }
summary { cursor: pointer; padding: .65rem 1rem; display: flex; gap: .8rem; align-items: baseline; flex-wrap: wrap; }
summary .dim { flex: 1 1 16rem; font-size: .92rem; }
.verb { font: 700 12px/1 ui-monospace, monospace; width: 2.6rem; } .get { color: var(--get); }
.post { color: var(--post); } .put { color: var(--put); }
.body { padding: 0 1rem .8rem; border-top: 1px solid var(--line); }
table { border-collapse: collapse; width: 100%; font-size: .92rem; } td { padding: .25rem .8rem .25rem 0;
  vertical-align: top; } pre { overflow-x: auto; margin: .5rem 0; }
"""


def _page(title: str, content: str) -> str:
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style>{content}</html>"
    )


def index(health: dict[str, Any]) -> str:
    """Where everything is."""
    own = [name for name, state in health["services"].items() if state == "running"]
    time = health["time"]
    links = (
        ("docs", "the control API, operation by operation"),
        ("openapi.json", "its OpenAPI description"),
        ("health", "what this server is and has"),
        ("time", "the clock"),
    )
    rows = "".join(f'<tr><td><a href="/_undercast/{path}">{path}</a><td>{text}' for path, text in links)
    return _page(
        "Undercast",
        f'<h1>Undercast <span class="dim">{escape(health["version"])}</span></h1>'
        f'<p class="dim">{escape(health["endpoint"])} · {escape(health["region"])} · {escape(health["account"])}</p>'
        f'<div class="card"><p>It is <code>{escape(time["now_iso"])}</code>, time is {escape(time["mode"])},'
        f" {time['timers']} timers pending.</p><p>Own services: {escape(', '.join(own))};"
        f" {len(health['services']) - len(own)} neighbours answer through moto.</p></div>"
        f'<div class="card"><table>{rows}</table></div>',
    )


def operations(openapi: dict[str, Any]) -> str:
    """The operations, grouped by tag."""
    groups: dict[str, list[str]] = {}
    for path, verbs in openapi["paths"].items():
        for verb, operation in verbs.items():
            tag = (operation.get("tags") or ["other"])[0]
            groups.setdefault(tag, []).append(_operation(openapi, path, verb, operation))
    info = openapi["info"]
    content = "".join(f"<h2>{escape(tag)}</h2>{''.join(entries)}" for tag, entries in groups.items())
    return _page(
        info["title"],
        f'<h1>{escape(info["title"])} <span class="dim">{escape(info["version"])}</span></h1>'
        '<p class="dim">JSON in, JSON out. A refusal is <code>{"error": "one sentence"}</code>.'
        ' Also as <a href="/_undercast/openapi.json">openapi.json</a>.</p>' + content,
    )


def _operation(openapi: dict[str, Any], path: str, verb: str, operation: dict[str, Any]) -> str:
    given = _schema(openapi, operation.get("requestBody", {}).get("content", {}))
    said = _schema(openapi, operation["responses"].get("200", {}).get("content", {}))
    body = ""
    if given is not None:
        body += f"<p><b>Body</b></p>{_members(given)}"
        example = _example(given)
        if example:
            command = f"curl -X {verb.upper()} localhost:4566{path} -d '{json.dumps(example)}'"
            body += f"<pre>{escape(command)}</pre>"
    if said is not None:
        names = ", ".join(f"<code>{escape(name)}</code>" for name in said.get("properties", {}))
        body += f"<p><b>Answer</b> {names}</p>"
    return (
        f'<details><summary><span class="verb {escape(verb)}">{escape(verb.upper())}</span><code>{escape(path)}</code>'
        f'<span class="dim">{escape(operation.get("description", ""))}</span></summary>'
        f'<div class="body">{body}</div></details>'
    )


def _schema(openapi: dict[str, Any], content: dict[str, Any]) -> dict[str, Any] | None:
    schema = content.get("application/json", {}).get("schema")
    for alternative in (schema or {}).get("anyOf", [schema]):
        if alternative is not None and "$ref" in alternative:
            found: dict[str, Any] = openapi["components"]["schemas"][alternative["$ref"].rpartition("/")[2]]
            return found
    return None


def _members(schema: dict[str, Any]) -> str:
    required = schema.get("required", [])
    rows = "".join(
        f"<tr><td><code>{escape(name)}</code><td class='dim'>{'' if name in required else 'optional'}"
        f"<td>{escape(member.get('description', ''))}"
        for name, member in schema.get("properties", {}).items()
    )
    return f"<table>{rows}</table>"


def _example(schema: dict[str, Any]) -> dict[str, Any]:
    """The required members, or else the first one that has an example."""
    examples = {name: member["examples"][0] for name, member in schema["properties"].items() if member.get("examples")}
    wanted = schema.get("required") or list(examples)[:1]
    return {name: examples[name] for name in wanted if name in examples}
