/** The report's look, for phones and wide pages, light and dark. */
export const style = `
:root {
  color-scheme: light dark;
  --page: #f6f7f9; --card: #ffffff; --ink: #14181f; --soft: #5b6472; --line: #e1e5eb; --faint: #eef0f4;
  --good: #11784a; --good-bg: #e3f5ec; --bad: #b3261e; --bad-bg: #fdeae8; --wait: #8a5a00; --wait-bg: #fff3d6;
  --accent: #2b59c3; --accent-bg: #e8effc; --mono: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #0f1216; --card: #171b21; --ink: #e8ebf0; --soft: #97a1b0; --line: #2a303a; --faint: #1f242c;
    --good: #5fd39a; --good-bg: #12301f; --bad: #ff8d84; --bad-bg: #3a1715; --wait: #f0c060; --wait-bg: #33270d;
    --accent: #8fb0ff; --accent-bg: #1b2743;
  }
}
* { box-sizing: border-box; }
html { scroll-behavior: smooth; scroll-padding-top: 56px; -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--page); color: var(--ink); font: 16px/1.5 system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif; }
main, header.top .in, nav .in, footer { max-width: 1240px; margin: 0 auto; padding: 0 20px; }
a { color: var(--accent); }
p { margin: 0; }
h1, h2, h3, h4 { line-height: 1.25; margin: 0; }
h2 { font-size: 1.35rem; margin: 44px 0 4px; }
h2 + .lead { color: var(--soft); margin-bottom: 16px; max-width: 76ch; }
code, pre { font-family: var(--mono); font-size: .86em; }
pre { overflow: auto; white-space: pre-wrap; overflow-wrap: anywhere; margin: 0; }
.quiet { color: var(--soft); }
.took { color: var(--soft); font-variant-numeric: tabular-nums; font-weight: 400; font-size: .86rem; white-space: nowrap; }
.pill { display: inline-block; padding: 1px 9px; border-radius: 99px; font-size: .8rem; font-weight: 600; white-space: nowrap; background: var(--faint); color: var(--soft); }
.pill.good { background: var(--good-bg); color: var(--good); } .pill.bad { background: var(--bad-bg); color: var(--bad); }
.pill.waiting { background: var(--wait-bg); color: var(--wait); }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 14px; padding: 20px; }

header.top { padding: 40px 0 28px; border-bottom: 1px solid var(--line); background: var(--card); }
header.top .verdict { display: flex; gap: 18px; align-items: flex-start; }
header.top .sign { flex: none; width: 52px; height: 52px; border-radius: 50%; display: grid; place-items: center; font-size: 26px; font-weight: 700; }
.passed .sign { background: var(--good-bg); color: var(--good); } .failed .sign { background: var(--bad-bg); color: var(--bad); }
header.top h1 { font-size: clamp(1.5rem, 4.4vw, 2.15rem); letter-spacing: -.01em; }
header.top .sub { color: var(--soft); margin-top: 6px; max-width: 78ch; }
.blame { margin-top: 18px; border-left: 4px solid var(--bad); background: var(--bad-bg); padding: 12px 16px; border-radius: 0 10px 10px 0; white-space: pre-wrap; overflow-wrap: anywhere; }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 14px 24px; margin: 24px 0 0; }
.facts dt { color: var(--soft); font-size: .82rem; } .facts dd { margin: 0; font-weight: 600; overflow-wrap: anywhere; }
nav { position: sticky; top: 0; z-index: 5; background: color-mix(in srgb, var(--page) 88%, transparent); backdrop-filter: blur(8px); border-bottom: 1px solid var(--line); }
nav .in { display: flex; gap: 22px; overflow-x: auto; padding-top: 11px; padding-bottom: 11px; font-size: .93rem; }
nav a { color: var(--soft); text-decoration: none; white-space: nowrap; } nav a:hover { color: var(--ink); }

.path svg { display: block; width: 100%; height: auto; } .path .narrow { display: none; max-width: 420px; margin: 0 auto; }
.path text { fill: var(--ink); font-size: 13.5px; } .path .name { font-weight: 650; }
.path .detail { fill: var(--soft); font-size: 12px; } .path .state { font-size: 12px; font-weight: 600; fill: var(--soft); }
.part .card { fill: var(--card); stroke: var(--line); stroke-width: 1.5; padding: 0; } .part circle { fill: var(--soft); }
.part.up .card { stroke: var(--good); fill: var(--good-bg); } .part.up circle { fill: var(--good); } .part.up .state { fill: var(--good); }
.part.down .card { stroke: var(--bad); fill: var(--bad-bg); } .part.down circle { fill: var(--bad); } .part.down .state { fill: var(--bad); }
.part.waiting .card { stroke: var(--wait); fill: var(--wait-bg); } .part.waiting circle { fill: var(--wait); } .part.waiting .state { fill: var(--wait); }
.part.stranger .card { stroke: var(--bad); stroke-dasharray: 5 4; fill: var(--card); } .part.stranger .name { fill: var(--bad); }
.link path { fill: none; stroke: var(--good); stroke-width: 2.5; } .link .tip { fill: var(--good); stroke: none; }
.link.down path { stroke: var(--bad); stroke-dasharray: 5 4; } .link.down .tip { fill: var(--bad); } .link.down .cross { stroke-dasharray: none; stroke-width: 3; }

.scenarios { columns: 2 460px; column-gap: 18px; }
.scenario { break-inside: avoid; margin-bottom: 18px; background: var(--card); border: 1px solid var(--line); border-radius: 14px; padding: 18px 20px; }
.scenario h3 { font-size: 1.04rem; display: flex; gap: 10px; align-items: baseline; }
.number { color: var(--accent); background: var(--accent-bg); border-radius: 7px; padding: 0 8px; font-size: .9rem; }
.steps { list-style: none; margin: 14px 0 0; padding: 0; }
.steps li { display: grid; grid-template-columns: 26px 1fr; gap: 8px; padding: 9px 0; border-top: 1px solid var(--line); } .steps li:first-child { border-top: 0; }
.steps li > div { min-width: 0; }
.mark { width: 22px; height: 22px; border-radius: 50%; display: grid; place-items: center; font-size: 13px; font-weight: 700; background: var(--faint); color: var(--soft); margin-top: 1px; }
.steps .passed .mark { background: var(--good-bg); color: var(--good); } .steps .failed .mark { background: var(--bad-bg); color: var(--bad); }
.steps .title { display: flex; justify-content: space-between; gap: 12px; align-items: baseline; }
.expectation { color: var(--soft); font-size: .92rem; }
.seen { font-size: .88rem; margin-top: 4px; padding: 5px 10px; border-radius: 8px; background: var(--faint); overflow-wrap: anywhere; white-space: pre-wrap; }
.steps .failed .seen { background: var(--bad-bg); color: var(--bad); }

.slack { --slack-line: #dddddd; background: var(--card); border: 1px solid var(--line); border-radius: 14px; overflow: hidden; max-width: 860px; font-size: 15px; line-height: 1.47; }
svg.sign { width: 1.05em; height: 1.05em; vertical-align: -.17em; }
.slack-bar { padding: 12px 20px; font-weight: 700; border-bottom: 1px solid var(--line); } .slack-bar span { color: var(--soft); font-weight: 400; }
.message { padding: 12px 20px 6px; border-top: 1px solid var(--line); } .slack-bar + .message { border-top: 0; }
.post { display: grid; grid-template-columns: 36px minmax(0, 1fr); gap: 10px; padding-bottom: 8px; }
.avatar { width: 36px; height: 36px; border-radius: 8px; background: #3f2f86; color: #fff; font-size: 13px; font-weight: 700; display: grid; place-items: center; }
.author { display: flex; gap: 6px; align-items: baseline; flex-wrap: wrap; } .app { font-size: 10px; font-weight: 700; background: var(--faint); color: var(--soft); border-radius: 3px; padding: 1px 4px; }
.clock, .edited { color: var(--soft); font-size: 12px; }
.body .text, .block-section { margin-top: 3px; overflow-wrap: anywhere; }
.block-header { font-size: 1.06rem; font-weight: 800; margin-top: 4px; overflow-wrap: anywhere; }
.fields { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 6px 16px; margin-top: 6px; }
.block-context { display: flex; flex-wrap: wrap; gap: 8px; color: var(--soft); font-size: 13px; margin-top: 5px; }
.block-actions { display: flex; flex-wrap: wrap; gap: 8px; margin-top: 9px; }
.button { border: 1px solid var(--line); border-radius: 6px; padding: 4px 12px; font-weight: 600; font-size: 14px; color: var(--ink); text-decoration: none; background: var(--card); }
.button.primary { background: #007a5a; border-color: #007a5a; color: #fff; } .button.danger { background: #e01e5a; border-color: #e01e5a; color: #fff; }
.body hr { border: 0; border-top: 1px solid var(--line); margin: 10px 0; }
.body blockquote { margin: 2px 0; padding-left: 12px; border-left: 4px solid var(--line); }
.body pre { border: 1px solid var(--line); background: var(--faint); border-radius: 6px; padding: 8px 10px; margin: 4px 0; }
.body code { border: 1px solid var(--line); background: var(--faint); border-radius: 4px; padding: 1px 4px; color: var(--bad); }
.mention { background: var(--accent-bg); color: var(--accent); border-radius: 3px; padding: 0 3px; }
.thread { margin: 2px 0 6px 46px; padding-left: 14px; border-left: 3px solid var(--line); } .replies { color: var(--accent); font-weight: 700; font-size: 13px; padding: 2px 0 8px; }
.earlier { margin: 0 0 8px 46px; } .earlier summary { color: var(--soft); font-size: 13px; cursor: pointer; } .before { opacity: .78; border: 1px dashed var(--line); border-radius: 8px; padding: 8px 12px; margin-top: 8px; }

.execution { background: var(--card); border: 1px solid var(--line); border-radius: 14px; margin-top: 12px; padding: 4px 20px; }
.execution > summary { cursor: pointer; padding: 12px 0; display: flex; flex-wrap: wrap; gap: 4px 12px; align-items: baseline; }
.execution > summary .name { overflow-wrap: anywhere; font-size: .86rem; flex: 1 1 160px; } .execution > summary .when { font-size: .86rem; font-variant-numeric: tabular-nums; }
.execution > summary::marker, .visits summary::marker { color: var(--soft); }
.execution > p { padding-bottom: 10px; }
.error { color: var(--bad); background: var(--bad-bg); border-radius: 8px; padding: 6px 10px; margin: 4px 0; font-size: .9rem; overflow-wrap: anywhere; white-space: pre-wrap; }
.walk { display: grid; grid-template-columns: minmax(0, 3fr) minmax(260px, 2fr); gap: 20px; align-items: start; padding-bottom: 14px; }
.picture { overflow: auto; border: 1px solid var(--line); border-radius: 10px; background: var(--page); text-align: center; }
.picture svg { display: inline-block; max-width: 100%; height: auto; vertical-align: top; }
.visits { margin: 0; padding: 0; list-style: none; border: 1px solid var(--line); border-radius: 10px; font-size: .93rem; }
.visits li { border-top: 1px solid var(--line); border-left: 4px solid var(--good); padding: 6px 10px; } .visits li:first-child { border-top: 0; } .visits li.failed { border-left-color: var(--bad); }
.visits summary { cursor: pointer; display: flex; gap: 8px; align-items: baseline; } .visits summary strong { overflow-wrap: anywhere; } .visits .took { margin-left: auto; }
.payload { margin: 8px 0; } .payload figcaption { color: var(--soft); font-size: .8rem; } .payload pre { background: var(--faint); border-radius: 8px; padding: 8px 10px; max-height: 300px; }
.machine text { font-size: 12.5px; fill: var(--soft); font-family: inherit; }
.machine .state > rect { fill: var(--card); stroke: var(--line); stroke-width: 1.5; }
.machine .visited > rect { stroke: var(--good); fill: var(--good-bg); stroke-width: 2; } .machine .visited > text { fill: var(--ink); font-weight: 600; }
.machine .visited.failed > rect { stroke: var(--bad); fill: var(--bad-bg); }
.machine .count rect { fill: var(--good); stroke: none; } .machine .count text { fill: var(--card); font-size: 11px; font-weight: 700; }
.machine .line { fill: none; stroke: var(--line); stroke-width: 1.5; } .machine .head { fill: var(--line); }
.machine .catch .line { stroke-dasharray: 4 4; }
.machine .taken .line { stroke: var(--good); stroke-width: 2.75; } .machine .taken .head { fill: var(--good); }
.machine .taken.failed .line { stroke: var(--bad); } .machine .taken.failed .head { fill: var(--bad); }

.scroll { overflow-x: auto; background: var(--card); border: 1px solid var(--line); border-radius: 14px; }
table { border-collapse: collapse; width: 100%; font-size: .93rem; } th, td { text-align: left; vertical-align: top; padding: 9px 14px; border-top: 1px solid var(--line); } thead th { border-top: 0; color: var(--soft); font-weight: 600; font-size: .84rem; }
td { min-width: 90px; } td:nth-child(3) { min-width: 260px; } td code { white-space: nowrap; }
.timeline { list-style: none; margin: 0; padding: 6px 20px; background: var(--card); border: 1px solid var(--line); border-radius: 14px; font-size: .93rem; }
.timeline li { display: grid; grid-template-columns: 76px 118px minmax(0, 1fr); gap: 12px; padding: 7px 0; border-top: 1px solid var(--line); } .timeline li:first-child { border-top: 0; }
.at { color: var(--soft); font-variant-numeric: tabular-nums; text-align: right; } .who { font-weight: 600; } .what { overflow-wrap: anywhere; }
.timeline .by-person .who { color: var(--accent); } .timeline .bad .what { color: var(--bad); } .timeline .good .what { color: var(--good); }
footer { color: var(--soft); font-size: .88rem; padding-top: 40px; padding-bottom: 48px; }

@media (max-width: 760px) {
  .path .wide { display: none; } .path .narrow { display: block; }
  .walk { grid-template-columns: minmax(0, 1fr); } .fields { grid-template-columns: minmax(0, 1fr); }
  .timeline li { grid-template-columns: 64px minmax(0, 1fr); } .timeline .what { grid-column: 1 / -1; }
  header.top { padding-top: 26px; } .card, .scenario { padding: 15px; } .thread, .earlier { margin-left: 10px; }
}
@media print { nav { display: none; } body { background: #fff; } }
`;
