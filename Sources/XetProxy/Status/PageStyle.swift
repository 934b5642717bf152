/// The style sheet of the page.
enum PageStyle {
    static let text = #"""
        :root {
          color-scheme: light dark;
          --ground: #faf9f6; --card: #ffffff; --ink: #1d2126; --soft: #565d66; --line: #e4e1da;
          --accent: #0d6a6f; --track: #e9e6df; --bad: #a3341f; --focus: #0d6a6f;
        }
        @media (prefers-color-scheme: dark) {
          :root {
            --ground: #13161a; --card: #1b1f25; --ink: #e8e9eb; --soft: #a3abb6; --line: #2c323a;
            --accent: #6cc8c0; --track: #2a3038; --bad: #f0957f; --focus: #8fdcd5;
          }
        }
        * { box-sizing: border-box; }
        html { background: var(--ground); color: var(--ink); -webkit-text-size-adjust: 100%; }
        body {
          margin: 0 auto; max-width: 60rem; padding: 2.75rem 1.25rem 2rem;
          font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif;
        }
        h1, h2, h3, p, dl, dd, ul, ol, figure, pre { margin: 0; padding: 0; }
        ul, ol { list-style: none; }
        a { color: var(--accent); text-underline-offset: .2em; }
        :focus-visible { outline: 2px solid var(--focus); outline-offset: 2px; border-radius: .25rem; }
        code, pre { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
        .skip { position: absolute; left: -99rem; }
        .skip:focus { left: 1rem; top: .5rem; }
        .unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }

        header { display: grid; grid-template-columns: 1fr auto; gap: .25rem 1rem; align-items: baseline; }
        h1 svg { width: 1.35rem; height: 1.35rem; margin-right: .6rem; fill: var(--accent); vertical-align: -.12em; }
        h1 { font-size: 1.75rem; line-height: 1.2; letter-spacing: -.02em; font-weight: 650; }
        .state { display: flex; align-items: center; gap: .5rem; font-size: .875rem; color: var(--soft); }
        .state::before {
          content: ""; flex: none; width: .55rem; height: .55rem; border-radius: 50%; background: var(--soft);
        }
        .state.live::before { background: var(--accent); }
        .state.lost::before { background: var(--bad); }
        .lead { grid-column: 1 / -1; color: var(--soft); max-width: 46rem; }
        .facts { grid-column: 1 / -1; display: flex; flex-wrap: wrap; gap: .25rem 1.5rem; margin-top: .6rem; }
        .facts div { display: flex; gap: .45rem; min-width: 0; font-size: .9375rem; }
        .facts dt { color: var(--soft); }
        .facts dd { overflow-wrap: anywhere; }

        section { margin-top: 2.25rem; }
        h2 { font-size: 1.0625rem; font-weight: 600; margin-bottom: .7rem; }
        .tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); gap: .75rem; margin-top: 1.75rem; }
        .tiles div, .list li, .command { background: var(--card); border: 1px solid var(--line); border-radius: .7rem; }
        .tiles div { display: flex; flex-direction: column; padding: .8rem 1rem .9rem; min-width: 0; }
        .tiles dt { font-size: .8125rem; color: var(--soft); }
        .tiles dd { font-size: 1.35rem; line-height: 1.3; font-weight: 600; letter-spacing: -.01em; white-space: nowrap; }
        .tiles dd, .facts dd, .list { font-variant-numeric: tabular-nums; }
        .tiles dd.more { white-space: normal; font-size: .8125rem; font-weight: 400; letter-spacing: 0; color: var(--soft); }

        .list { display: grid; gap: .6rem; }
        .list li { padding: .75rem 1rem .8rem; }
        .list .name { display: block; overflow-wrap: anywhere; font-weight: 500; }
        .list .hidden-name { font-weight: 400; color: var(--soft); font-style: italic; }
        .list .meta { display: block; font-size: .875rem; color: var(--soft); }
        .list .cause { display: block; font-size: .875rem; overflow-wrap: anywhere; }
        .list .status { color: var(--bad); font-weight: 600; margin-right: .4rem; }
        .empty { color: var(--soft); }
        progress {
          display: block; appearance: none; -webkit-appearance: none; width: 100%; height: .4rem; margin: .5rem 0 .4rem;
          border: 0; border-radius: 1rem; overflow: hidden; background: var(--track); color: var(--accent);
        }
        progress::-webkit-progress-bar { background: var(--track); }
        progress::-webkit-progress-value {
          background: var(--accent); border-radius: 1rem; transition: width .9s linear;
        }
        progress::-moz-progress-bar { background: var(--accent); border-radius: 1rem; }

        .commands { display: grid; gap: .75rem; }
        .command { position: relative; min-width: 0; }
        .command figcaption { padding: .6rem 5.5rem 0 1rem; font-size: .875rem; color: var(--soft); }
        .command pre { overflow-x: auto; padding: .35rem 1rem .8rem; font-size: .875rem; line-height: 1.6; }
        .command button {
          position: absolute; top: .45rem; right: .5rem; min-width: 4.25rem; padding: .25rem .6rem;
          font: inherit; font-size: .8125rem; color: var(--accent); background: transparent;
          border: 1px solid var(--line); border-radius: .45rem; cursor: pointer;
        }
        .command button:hover { border-color: var(--accent); }
        .note { margin-top: .7rem; font-size: .875rem; color: var(--soft); }
        .links { display: flex; flex-wrap: wrap; gap: .35rem 1.25rem; }
        footer {
          margin-top: 2.75rem; padding-top: 1rem; border-top: 1px solid var(--line);
          font-size: .875rem; color: var(--soft);
        }

        @media (max-width: 44rem) {
          body { padding-top: 1.75rem; }
          header { grid-template-columns: 1fr; gap: .5rem; }
          .state { grid-row: 4; }
          .tiles { grid-template-columns: repeat(2, 1fr); }
          .tiles dd { font-size: 1.125rem; }
        }
        @media (prefers-reduced-motion: reduce) { * { transition: none !important; } }
        @media (forced-colors: active) { progress { border: 1px solid; } }
        """#
}
