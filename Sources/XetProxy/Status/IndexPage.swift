import HTTPTypes
import Hummingbird
import NIOCore
import XetWire

/// `GET /` for people: what runs here, what it does now, and commands that work on this host.
///
/// Complete without its script, which keeps it current.
struct IndexPage: Sendable {
    let publicAddress: PublicAddress
    let allowAnonymous: Bool

    /// The page with what `report` says; `root` leads from it to the proxy's address.
    func respond(_ report: StatusReport, _ request: HTTPRequest, peer: SocketAddress?, root: String = "") -> Response {
        Response(
            status: .ok,
            headers: .page(contentType: "text/html; charset=utf-8", cacheControl: "no-store"),
            body: ResponseBody(byteBuffer: ByteBuffer(string: html(report, base: base(request, peer), root: root)))
        )
    }

    /// The address of this proxy, without a last slash.
    private func base(_ request: HTTPRequest, _ peer: SocketAddress?) -> String {
        var base = publicAddress.address(for: request, peer: peer)?.absolute ?? "http://localhost"
        while base.last == "/" { base.removeLast() }
        return base
    }

    private func html(_ report: StatusReport, base: String, root: String) -> String {
        """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <title>xet proxy</title>
        <link rel="icon" href="\(Self.icon)">
        <link rel="stylesheet" href="ui.css">
        <script src="ui.js" defer></script>
        </head>
        <body>
        <a class="skip" href="#main">Skip to the transfers</a>
        \(header(report))
        <main id="main">
        \(tiles(report))
        \(transfers(report))
        \(report.cache.map(savings) ?? "")
        \(commands(report, base: base))
        \(failures(report))
        </main>
        <footer>
        <ul class="links">
        <li><a href="\(root)openapi.json">All routes (OpenAPI)</a></li>
        <li><a href="\(root)metrics">Metrics</a></li>
        <li><a href="\(root)readyz">Readiness</a></li>
        </ul>
        <p class="note">Names appear for files that anyone may read, and for a request that brings the token which they were
        fetched with; of a file in a public repository its name does.</p>
        </footer>
        </body>
        </html>

        """
    }

    /// Three bars, the last one half.
    private static let icon = """
        data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Cg fill='%230d8a8a'%3E\
        %3Crect x='1' y='2' width='14' height='3' rx='1.5'/%3E%3Crect x='1' y='6.5' width='14' height='3' rx='1.5'/%3E\
        %3Crect x='1' y='11' width='8' height='3' rx='1.5'/%3E%3C/g%3E%3C/svg%3E
        """

    private func header(_ report: StatusReport) -> String {
        """
        <header>
        <h1><svg viewBox="0 0 16 16" aria-hidden="true"><rect x="1" y="2" width="14" height="3" rx="1.5"/>\
        <rect x="1" y="6.5" width="14" height="3" rx="1.5"/><rect x="1" y="11" width="8" height="3" rx="1.5"/></svg>\
        xet proxy</h1>
        <p class="state" id="state">A snapshot; reload for the next</p>
        <p class="lead">Files that a Hub stores in XET, rebuilt and verified while they stream, for any HTTP client.</p>
        <dl class="facts">
        <div><dt>Hub</dt><dd>\(HTMLText.escape(report.hub))</dd></div>
        <div><dt>Version</dt><dd>\(HTMLText.escape(report.version))</dd></div>
        <div><dt>Up</dt><dd id="uptime">\(AmountText.time(seconds: report.uptime))</dd></div>
        </dl>
        </header>
        """
    }

    private func tiles(_ report: StatusReport) -> String {
        """
        <dl class="tiles">
        <div><dt>Running</dt><dd id="live">\(report.live)</dd></div>
        <div><dt>Speed</dt><dd id="rate">\(AmountText.bytes(report.rate))/s</dd></div>
        <div><dt>Sent so far</dt><dd id="sent">\(AmountText.bytes(report.totals.sent))</dd></div>
        <div><dt>Finished</dt><dd id="finished">\(report.totals.finished)</dd>
        <dd class="more" id="unfinished">\(TransferText.unfinished(report.totals))</dd></div>\(cacheTile(report))
        </dl>
        """
    }

    private func cacheTile(_ report: StatusReport) -> String {
        guard let cache = report.cache else { return "" }
        return """

            <div><dt>Saved today</dt><dd id="saved">\(AmountText.bytes(cache.saved))</dd>
            <dd class="more" id="kept">\(TransferText.kept(cache))</dd></div>
            """
    }

    private func savings(_ cache: StatusReport.Cache) -> String {
        let rows = cache.top.map { saving in
            let style = saving.name == nil ? "name hidden-name" : "name"
            return """
                <li><span class="\(style)">\(HTMLText.escape(saving.name ?? TransferText.hiddenRepository))</span>\
                <span class="meta">\(TransferText.line(saving))</span></li>
                """
        }
        return """
            <section aria-labelledby="savings-title">
            <h2 id="savings-title">Saved most</h2>
            <p class="empty" id="no-savings"\(cache.top.isEmpty ? "" : " hidden")>Nothing so far today.</p>
            <ol class="list" id="savings">\(rows.joined())</ol>
            </section>
            """
    }

    private func transfers(_ report: StatusReport) -> String {
        let rows = report.transfers.map { transfer in
            let name = HTMLText.escape(transfer.name ?? TransferText.hiddenName)
            let style = transfer.name == nil ? "name hidden-name" : "name"
            let bar =
                transfer.total.map { total in
                    let value = total == 0 ? 1 : min(total, transfer.sent)
                    return #"max="\#(max(1, total))" value="\#(value)""#
                } ?? "hidden"
            return """
                <li><span class="\(style)">\(name)</span>
                <progress aria-label="\(name)" \(bar)></progress>
                <span class="meta">\(TransferText.line(transfer))</span></li>
                """
        }
        let more = report.live - report.transfers.count
        return """
            <section aria-labelledby="transfers-title">
            <h2 id="transfers-title">Transfers</h2>
            <p class="unseen" role="status" id="news"></p>
            <p class="empty" id="no-transfers"\(report.live > 0 ? " hidden" : "")>Nothing runs at the moment.</p>
            <ul class="list" id="transfers">\(rows.joined())</ul>
            <p class="note" id="more-transfers"\(more > 0 ? "" : " hidden")>and \(more) more</p>
            </section>
            """
    }

    private func commands(_ report: StatusReport, base: String) -> String {
        let all = PageCommand.all(base: base, hub: report.hub, allowAnonymous: allowAnonymous)
        let figures = all.enumerated().map { number, command in
            """
            <figure class="command" aria-labelledby="command-\(number)">
            <figcaption id="command-\(number)">\(HTMLText.escape(command.title))</figcaption>
            <pre tabindex="0" role="group" aria-labelledby="command-\(number)"><code>\
            \(HTMLText.escape(command.text))</code></pre></figure>
            """
        }
        let note =
            allowAnonymous
            ? #"For a file that is not public, add <code>-H "Authorization: Bearer $HF_TOKEN"</code>."#
            : "The token is your own Hub token; it goes to the Hub with your request and is used for nothing else."
        return """
            <section aria-labelledby="commands-title">
            <h2 id="commands-title">Commands</h2>
            <div class="commands">\(figures.joined(separator: "\n"))</div>
            <p class="note">\(note)</p>
            </section>
            """
    }

    private func failures(_ report: StatusReport) -> String {
        let rows = report.failures.map { failure in
            """
            <li><span class="name"><span class="status">\(failure.status)</span>\
            <span class="summary">\(HTMLText.escape(failure.summary))</span></span>\
            <span class="cause">\(HTMLText.escape(failure.cause ?? ""))</span>\
            <span class="meta">\(HTMLText.escape(TransferText.line(failure)))</span></li>
            """
        }
        return """
            <section aria-labelledby="failures-title">
            <h2 id="failures-title">Last errors</h2>
            <p class="empty" id="no-failures"\(report.failures.isEmpty ? "" : " hidden")>None so far.</p>
            <ol class="list" id="failures">\(rows.joined())</ol>
            </section>
            """
    }
}
